/** Every command line that the docs show runs, with fewer epochs. */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { runCommandLine } from "./command-line.ts";
import { encodeIdx } from "./data/encode-idx.ts";
import { renderDigits } from "./data/rendered-digits.ts";

vi.mock("./data/rendered-digits.ts", async (load) => {
  const { drawnOnce } = await import("../testing/drawn-once.ts");
  return drawnOnce(await load());
});

const pages = ["../README.md", "../../../README.md"].map((page) =>
  readFileSync(new URL(page, import.meta.url), "utf8"),
);
const found = pages.flatMap((page) => [...page.matchAll(/npm start(?: -- ([^#`\n]*))?/g)]);
const commands = [...new Set(found.map(([, args = ""]) => args.trim()))];

const home = process.cwd();
const cwd = mkdtempSync(join(tmpdir(), "documented-"));
const silent = { write() {} };

/** DIR with a few digits, and the weights that the page has saved before. */
beforeAll(async () => {
  process.chdir(cwd);
  mkdirSync("DIR");
  const { train, test } = renderDigits({ seed: 9, train: 80, test: 80 });
  for (const [name, { count, images, labels }] of [["train", train] as const, ["t10k", test] as const]) {
    writeFileSync(`DIR/${name}-images-idx3-ubyte.gz`, gzipSync(encodeIdx([count, 28, 28], images)));
    writeFileSync(`DIR/${name}-labels-idx1-ubyte.gz`, gzipSync(encodeIdx([count], labels)));
  }
  await runCommandLine(["--epochs", "1", "--hidden", "4"], { out: silent, err: silent });
  copyFileSync("digits.safetensors", "balanced.safetensors");
});
afterAll(() => {
  process.chdir(home);
  rmSync(cwd, { recursive: true });
});

test.each(commands)("npm start -- %s", async (line) => {
  const args = line.split(" ").filter((part) => part !== "");
  const epochs = args.indexOf("--epochs");
  if (epochs >= 0) args[epochs + 1] = "1";
  else if (!["eval", "predict"].includes(args[0]!)) args.push("--epochs", "1");
  let said = "";
  const terminal = { write: (text: string) => (said += text) };
  expect(await runCommandLine(args, { out: terminal, err: terminal }), said).toBe(0);
});

test("there are commands of each kind among them", () => {
  for (const kind of ["eval", "predict", "--data", "--help", "--list-backends", "--json"]) {
    expect(commands.some((command) => command.includes(kind))).toBe(true);
  }
});
