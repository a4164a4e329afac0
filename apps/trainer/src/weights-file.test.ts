import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeSafetensors } from "@surprisal/nn";
import { afterAll, describe, expect, test } from "vitest";
import { loadWeights, saveWeights, type Weights, WeightsError } from "./weights-file.ts";
import { checkWritable, writeAtomically } from "./write-atomically.ts";

const folder = mkdtempSync(join(tmpdir(), "weights-"));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, "w.safetensors");

const floats = (...shape: number[]) => ({
  shape,
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => i / 8),
});
const weights: Weights = {
  state: { "0.w": floats(3, 2), "0.b": floats(2), "2.w": floats(2, 4), "2.b": floats(4) },
  widths: [3, 2, 4],
  origin: { data: "rendered-digits", seed: 7, epochs: 2, variant: "plain-f32" },
};
const metadata = {
  format: "surprisal-trainer-1",
  normalisation: "pixel/255",
  data: "d",
  seed: "1",
  epochs: "1",
  variant: "v",
};

test("what was saved comes back, with the widths that the tensors have", async () => {
  await saveWeights(path, weights);
  expect(await loadWeights(path)).toEqual(weights);
  expect(readdirSync(folder)).toEqual(["w.safetensors"]);
});

describe("a hostile or foreign file ends in one line that names it", () => {
  const { state } = weights;
  const encoded = encodeSafetensors(state, metadata);
  const nan = { shape: [4], data: Float32Array.of(0, Number.NaN, 0, 0) };
  test.each<[string, Uint8Array, string]>([
    ["empty", new Uint8Array(), "0 bytes are too few"],
    ["text", new TextEncoder().encode("not weights at all, really"), "it is damaged or no weights file"],
    ["truncated", encoded.subarray(0, -1), "it is damaged or no weights file"],
    ["another program's", encodeSafetensors(state, { format: "pt" }), 'has the format "pt"'],
    ["without metadata", encodeSafetensors(state), "has no format in its metadata"],
    ["other pixels", encodeSafetensors(state, { ...metadata, normalisation: "none" }), 'pixels as "none"'],
    ["no seed", encodeSafetensors(state, { ...metadata, seed: "-1" }), "its seed is no whole number"],
    ["a huge seed", encodeSafetensors(state, { ...metadata, seed: "9".repeat(16) }), "its seed is no whole number"],
    ["no tensors", encodeSafetensors({}, metadata), 'there is no "0.w"'],
    ["other names", encodeSafetensors({ a: state["0.w"]!, b: state["0.b"]! }, metadata), 'there is no "0.w"'],
    ["one too many", encodeSafetensors({ ...state, x: floats(1) }, metadata), 'there is no "4.w"'],
    ["a layer that does not follow", encodeSafetensors({ ...state, "2.w": floats(3, 4) }, metadata), '"2.w" is [3, 4]'],
    ["a bias that does not fit", encodeSafetensors({ ...state, "2.b": floats(3) }, metadata), '"2.b" is [3]'],
    ["a matrix of three axes", encodeSafetensors({ ...state, "0.w": floats(3, 2, 1) }, metadata), '"0.w" is [3, 2, 1]'],
    ["no units", encodeSafetensors({ "0.w": floats(3, 0), "0.b": floats(0) }, metadata), '"0.w" is [3, 0]'],
    [
      "whole numbers",
      encodeSafetensors({ ...state, "2.b": { shape: [4], data: new Int32Array(4) } }, metadata),
      "whole",
    ],
    ["NaN", encodeSafetensors({ ...state, "2.b": nan }, metadata), '"2.b" holds NaN or infinity'],
  ])("%s", async (_, bytes, message) => {
    writeFileSync(path, bytes);
    const loading = loadWeights(path);
    await expect(loading).rejects.toBeInstanceOf(WeightsError);
    await expect(loading).rejects.toThrow(message);
    await expect(loading).rejects.toThrow(path);
  });

  test("every flipped bit of the header is refused or read, never a crash", async () => {
    for (let bit = 0; bit < 8 * (8 + 200); bit += 3) {
      const flipped = encoded.slice();
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      writeFileSync(path, flipped);
      await loadWeights(path).catch((error) => expect(error).toBeInstanceOf(WeightsError));
    }
  });

  test("what is no file", async () => {
    await expect(loadWeights(folder)).rejects.toThrow("it is a folder, a pipe or a device");
    await expect(loadWeights(join(folder, "nowhere"))).rejects.toThrow("ENOENT");
  });
});

describe("a file is written whole or not at all", () => {
  test("the one before stays where the new one cannot be written", async () => {
    await saveWeights(path, weights);
    const before = readFileSync(path);
    const target = join(folder, "missing", "w");
    await expect(writeAtomically(target, Uint8Array.of(1))).rejects.toThrow(`${target}: could not be written (ENOENT`);
    expect(readFileSync(path)).toEqual(before);
  });

  test("a link stays a link", async () => {
    const link = join(folder, "link");
    symlinkSync(path, link);
    await writeAtomically(await checkWritable(link), Uint8Array.of(1, 2));
    expect([...readFileSync(path)]).toEqual([1, 2]);
    expect(
      readdirSync(folder, { withFileTypes: true })
        .find(({ name }) => name === "link")!
        .isSymbolicLink(),
    ).toBe(true);
  });

  test("what cannot be written is known beforehand", async () => {
    await expect(checkWritable(join(folder, "missing", "w"))).rejects.toThrow("make it first");
    await expect(checkWritable(join(path, "w"))).rejects.toThrow("cannot be used");
    await expect(checkWritable(folder)).rejects.toThrow("is no file but a folder, a pipe or a device");
    if (process.platform !== "win32") await expect(checkWritable("/dev/null")).rejects.toThrow("is no file");
    expect(readdirSync(folder).sort()).toEqual(["link", "w.safetensors"]);
  });
});
