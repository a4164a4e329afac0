/** Every program of this folder runs as its reader would run it, and prints the numbers of the system it is ported from. */
import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

const folder = fileURLToPath(new URL(".", import.meta.url));

/** What a program prints. */
async function printed(program: string): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, ["--conditions=@surprisal/source", folder + program]);
  return stdout;
}

/** Every number in a text, in order. */
function numbersIn(text: string): number[] {
  return (text.match(/-?\d+(\.\d+)?(e-?\d+)?/g) ?? []).map(Number);
}

function expectNumbers(text: string, expected: readonly number[]): void {
  const found = numbersIn(text);
  expect(found.length, text).toBe(expected.length);
  for (const [i, value] of expected.entries()) {
    expect(Math.abs(found[i]! - value), `${found[i]}, expected ${value}`).toBeLessThanOrEqual(
      1e-6 * Math.max(1, value),
    );
  }
}

const programs: Readonly<Record<string, (output: string) => void>> = {
  // The rows from the documentation of tf.nn.softmax_cross_entropy_with_logits; −log softmax in float64 for the others.
  "tensorflow-two-samples.mjs": (output) =>
    expectNumbers(output, [0.16984604, 0.82474494, 0.16984602, 0.02474489, 0.09729545]),
  // TensorFlow 2.21, measured: 0.40760595.
  "tensorflow-single-example.mjs": (output) => expectNumbers(output, [0.40760595, 0.40760595]),
  // x·(p − e_y)/2 with p = [0.665241, 0.244728, 0.090031] (TensorFlow 2.21, measured) and [1/3, 1/3, 1/3].
  "tensorflow-gradient-tape.mjs": (output) =>
    expectNumbers(output, [0.753109, -0.1673795, 0.122364, 0.0450155, 1 / 6, 1 / 6, -1 / 3]),
  // The same descent by hand in float64, in Python.
  "tensorflow-training-loop.mjs": (output) => expectNumbers(output, [0, 1.098612, 50, 0.058616, 100, 0.028434]),
  "keras-compile-fit.mjs": (output) => expect(output).toBe("40 true\ntrue\ntrue\n"),
  "pytorch-module.mjs": (output) => expect(output).toBe("true true\ntrue\ntrue\n"),
  // log Σ e^(z − z_y) in exact arithmetic.
  "numpy-by-hand.mjs": (output) => {
    expect(output).toMatch(/±500.*: naive Infinity, stable 1000, ours 1000\n/);
    expect(output).toMatch(/overflows: naive NaN, stable 0\.40760596444438\d*, ours 0\.40760596444438\d*\n/);
    expect(output).toMatch(/margin of 50.*: naive 0, stable 0, ours 3\.857499695927\d*e-22\n/);
  },
};

describe("the ported program", () => {
  it.each(Object.entries(programs))("%s", async (program, check) => check(await printed(program)));

  it("is in this test, whichever it is", async () => {
    const files = (await readdir(folder)).filter((file) => file.endsWith(".mjs"));
    expect(files.toSorted()).toEqual(Object.keys(programs).toSorted());
  });
});
