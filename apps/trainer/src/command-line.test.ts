import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { runCommandLine } from "./command-line.ts";
import { encodeIdx } from "./data/encode-idx.ts";
import type { EvalReport } from "./eval-command.ts";
import type { Prediction } from "./prediction.ts";
import type { TrainReport } from "./train-command.ts";
import { saveWeights } from "./weights-file.ts";

vi.mock("./data/rendered-digits.ts", async (load) => {
  const { drawnOnce } = await import("../testing/drawn-once.ts");
  return drawnOnce(await load());
});

const home = process.cwd();
const cwd = mkdtempSync(join(tmpdir(), "trainer-"));
beforeAll(() => process.chdir(cwd));
afterAll(() => {
  process.chdir(home);
  rmSync(cwd, { recursive: true });
});

/** The command line in this process, in an empty folder, as a log file or a terminal sees it. */
async function trainer(
  args: readonly string[],
  terminal: { isTTY?: boolean; columns?: number; colours?: boolean } = {},
) {
  let [stdout, stderr] = ["", ""];
  const out = { ...terminal, write: (text: string) => (stdout += text) };
  const err = { ...terminal, write: (text: string) => (stderr += text) };
  const status = await runCommandLine(args, { out, err });
  return { status, stdout, stderr };
}

const small = ["--epochs", "2", "--batch-size", "200", "--hidden", "8", "--lr", "0.01"];

async function reportOf(...args: string[]): Promise<TrainReport> {
  const { stdout } = await trainer(["train", ...small, "--json", ...args]);
  return JSON.parse(stdout) as TrainReport;
}

describe("train, eval and predict", () => {
  test("train learns the digits that it draws, says how well, and where the weights are", async () => {
    const { status, stdout, stderr } = await trainer(small);
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^Data {6}rendered-digits: 10000 \+ 2000 images of 28×28\n/);
    expect(stdout).toMatch(/^Model {5}784-8-10, softmax cross-entropy, adam at 0\.01, batches of 200\n/m);
    expect(stdout).toMatch(/^Backend {3}\w+: .*\([\w-]+\).*; seed 0\n/m);
    expect(stdout).toMatch(/^Epoch 2\/2 - \d+\.\ds - loss .* - test accuracy \d\d\.\d\d %\n/m);
    expect(stdout).toMatch(/^Weights {3}digits\.safetensors\n/m);
    expect(stdout).toMatch(/^Test accuracy \d\d\.\d\d % \(loss .*\) after 2 epochs in \d+\.\ds, \d+ images\/s\n$/m);
    expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(readdirSync(cwd)).toEqual(["digits.safetensors"]);
  });

  test("--json prints one line of JSON, and everything else goes to standard error", async () => {
    const { stdout, stderr } = await trainer(["train", ...small, "--json", "--out", "j.safetensors"]);
    const report = JSON.parse(stdout) as TrainReport;
    expect(stdout).toBe(`${JSON.stringify(report)}\n`);
    expect(stderr).toContain("Epoch 2/2");
    expect(Object.keys(report)).toEqual([
      "backend",
      "variant",
      "epochs",
      "trainLoss",
      "testLoss",
      "testAccuracy",
      "weightsHash",
      "samplesPerSecond",
      "seconds",
    ]);
    expect(report.epochs).toBe(2);
    expect(report.testAccuracy).toBeGreaterThan(0.5); // chance is 0.1
    expect(report.weightsHash).toMatch(/^[0-9a-f]{64}$/);
    expect(report.samplesPerSecond).toBeGreaterThan(0);
  });

  test("eval and predict of the saved file find what train found", async () => {
    const { testAccuracy, testLoss, weightsHash } = await reportOf("--seed", "3");
    const evaluated = JSON.parse((await trainer(["eval", "--json"])).stdout) as EvalReport;
    expect(evaluated).toMatchObject({ testAccuracy, weightsHash });
    expect(evaluated.testLoss).toBeCloseTo(testLoss, 6);
    const { stdout } = await trainer(["predict", "digits.safetensors", "--index", "0..1999", "--json"]);
    const { predictions } = JSON.parse(stdout) as { predictions: Prediction[] };
    expect(predictions.filter((each) => each.class === each.label)).toHaveLength(2000 * testAccuracy);
    for (const { probabilities } of predictions) expect(probabilities.reduce((a, b) => a + b)).toBeCloseTo(1, 5);
  });

  test("the same seed gives the same weights, another one others", async () => {
    const first = await reportOf("--seed", "7");
    expect((await reportOf("--seed", "7")).weightsHash).toBe(first.weightsHash);
    expect((await reportOf("--seed", "8")).weightsHash).not.toBe(first.weightsHash);
  });

  test("every flag works with every other", async () => {
    const all = "--optimizer sgd --schedule cosine --hidden 9,8 --dropout 0.1 --augment shift --label-smoothing 0.05";
    const { status, stdout } = await trainer([
      ...["--epochs", "1", "--batch-size", "100", "--lr", "0.1", "--seed", "5", "--backend", "plain"],
      ...[...all.split(" "), "--class-weights", "balanced", "--out", "all.safetensors"],
    ]);
    expect(status).toBe(0);
    expect(stdout).toContain("784-9-8-10, softmax cross-entropy, sgd at 0.1, cosine, batches of 100");
    expect((await trainer(["eval", "all.safetensors", "--data", "built-in", "--seed", "6"])).status).toBe(0);
  });

  test("--data takes a folder of IDX files, and predict one file of images as well", async () => {
    const images = encodeIdx([3, 28, 28], new Uint8Array(3 * 784).fill(9));
    for (const set of ["train", "t10k"]) {
      writeFileSync(join(cwd, `${set}-images-idx3-ubyte`), images);
      writeFileSync(join(cwd, `${set}-labels-idx1-ubyte`), encodeIdx([3], Uint8Array.of(1, 1, 1)));
    }
    const { status } = await trainer(["--data", ".", "--epochs", "9", "--batch-size", "3", "--out", "own.safetensors"]);
    expect(status).toBe(0);
    const needsData = await trainer(["eval", "own.safetensors"]);
    expect(needsData.stderr).toMatch(
      /^error: own\.safetensors was trained on trainer-\w+; say where that is: --data DIR\n$/,
    );
    expect((await trainer(["eval", "own.safetensors", "--data", "."])).stdout).toContain("Test accuracy 100.00 %");
    const labelled = await trainer(["predict", "own.safetensors", "--data", ".", "--set", "train", "--index", "2"]);
    expect(labelled.stdout).toMatch(/^Image 2: 1 with \d\d\.\d\d %, which is right\n/);
    const unlabelled = await trainer(["predict", "own.safetensors", "--data", "t10k-images-idx3-ubyte"]);
    expect(unlabelled.stdout).toMatch(/^Image 0: 1 with \d\d\.\d\d %\n {2}(\d+\.\d\d ){10}%\n$/);
    const labels = await trainer(["predict", "own.safetensors", "--data", "t10k-labels-idx1-ubyte"]);
    expect(labels.stderr).toContain("images have 3 dimensions but this file has 1 (3); give a file of images");
    for (const name of readdirSync(cwd).filter((name) => !name.startsWith("digits"))) rmSync(join(cwd, name));
  });

  test("a terminal of 40 columns has its lines cut, not wrapped", async () => {
    const terminal = { isTTY: true, columns: 40, colours: false };
    const { stdout } = await trainer(["--epochs", "2", "--hidden", "4"], terminal);
    expect(stdout).toMatch(/^Test accuracy .*…\n$/m);
    const shown = [stdout, (await trainer(["eval"], terminal)).stdout, (await trainer(["predict"], terminal)).stdout];
    for (const line of shown.join("").split(/[\r\n]/))
      expect(line.replace("\x1b[K", "").length).toBeLessThanOrEqual(40);
  });

  test("a terminal of 80 columns sees bars, a plot and pictures, and nothing wraps", async () => {
    const terminal = { isTTY: true, columns: 80, colours: false };
    const { stdout } = await trainer(["--epochs", "2"], terminal);
    expect(stdout).toContain("\rEpoch 1/2 ━");
    expect(stdout).toContain("\n━ training loss and ● test loss by epoch\n");
    const pictures = await trainer(["predict", "--index", "0,1"], terminal);
    expect(pictures.stdout).toMatch(/[*#%@]{3}.*\n/);
    for (const line of (stdout + pictures.stdout).split(/[\r\n]/)) {
      expect(line.replace("\x1b[K", "").length).toBeLessThanOrEqual(80);
    }
  });
});

describe("what the commands say of themselves", () => {
  test.each([
    ["train", ["--data", "--epochs", "--batch-size", "--lr", "--optimizer", "--schedule", "--hidden", "--dropout"]],
    ["train", ["--augment", "--label-smoothing", "--class-weights", "--seed", "--out"]],
    ["eval", ["weights", "--data", "--seed"]],
    ["predict", ["weights", "--data", "--index", "--set", "--seed"]],
  ])("%s --help shows %j and the shared options, each with its default", async (command, options) => {
    const { status, stdout } = await trainer([command, "--help"]);
    expect(status).toBe(0);
    const entries = stdout.split(/\n(?= {2}\S)/).map((entry) => entry.replaceAll(/\s+/g, " ").trim());
    for (const option of [...options, "--backend", "--list-backends", "--json"]) {
      expect(entries.find((entry) => entry.startsWith(`${option} `))).toContain("(default: ");
    }
    expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  test("--help shows the commands and what train takes", async () => {
    const { status, stdout } = await trainer(["--help"]);
    expect(status).toBe(0);
    for (const part of ["train [options]", "eval [options] [weights]", "predict [options] [weights]", "--epochs <n>"]) {
      expect(stdout).toContain(part);
    }
  });

  test.each([[["--list-backends"]], [["eval", "--list-backends"]]])("%j says what is available", async (args) => {
    const { status, stdout } = await trainer(args);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^plain +available: JavaScript \(plain-f32\)$/m);
  });
});

describe("a wrong command line ends with code 2 and one line that names the thing and the remedy", () => {
  beforeAll(() => {
    for (const name of readdirSync(cwd)) rmSync(join(cwd, name));
  });

  test.each<[string[], string]>([
    [
      ["--epochs", "0"],
      "error: option '--epochs <n>' argument '0' is invalid. Give a whole number from 1 to 100000. (--help shows all commands and options)",
    ],
    [["--epochs", "-1"], "'-1' is invalid"],
    [["--epochs", "1e9"], "'1e9' is invalid"],
    [["--epochs", "0x10"], "'0x10' is invalid"],
    [["--epochs", "NaN"], "'NaN' is invalid"],
    [["--epochs", ""], "'' is invalid"],
    [["--epochs"], "argument missing"],
    [["--epochs", "2", "--epochs", "3"], "It is given twice."],
    [["--lr", "Infinity"], "'Infinity' is invalid. Give a number above 0, at most 1000."],
    [["--lr", "0"], "'0' is invalid"],
    [["--batch-size", "20000"], "error: --batch-size 20000 is more than the 10000 training images; give at most that"],
    [["--seed", "9007199254740992"], "is invalid. Give a whole number from 0 to 9007199254740991."],
    [
      ["--hidden", "100000,100000"],
      "error: --hidden 100000,100000 makes a model of 10079600010 weights, and a weights file holds at most 268419072; give fewer units",
    ],
    [["--optimizer", "rmsprop"], "'rmsprop' is invalid. There are adam, adamw, sgd."],
    [["--schedule", "cos"], "'cos' is invalid. There are constant, cosine, linear."],
    [["--augment", "flip"], "'flip' is invalid. There are none, shift."],
    [["--backend", "cuda"], "'cuda' is invalid. There are "],
    [["--hidden", "128,"], "'128,' is invalid. Give up to 10 whole numbers from 1 to 100000"],
    [["--hidden", "0"], "'0' is invalid"],
    [["--dropout", "1"], "'1' is invalid. Give a number from 0 to below 1."],
    [["--label-smoothing", "-0.1"], "'-0.1' is invalid"],
    [["--class-weights", "1:2,1:3"], "'1:2,1:3' is invalid. Give balanced, or CLASS:WEIGHT"],
    [["--class-weights", "10:1"], "'10:1' is invalid"],
    [["--class-weights", "1:-2"], "'1:-2' is invalid"],
    [["--epoch", "3"], "error: unknown option '--epoch' (Did you mean --epochs?) (--help"],
    [["--no-json"], "error: unknown option '--no-json'"],
    [["--x\ny"], "unknown option '--x y'"],
    [["--data", "a\nb\x1b[31m"], "error: a b\\x1b[31m: a folder with MNIST's four files"],
    [["--epochs", "2", "train"], "error: train comes first, before its options, and once"],
    [["--bogus"], "error: unknown option '--bogus'"],
    [["evaluate"], 'error: there is no command or argument "evaluate"; the commands are train, eval, predict'],
    [["--data", "nowhere"], "error: nowhere: a folder with MNIST's four files was expected"],
    [["--data", ""], "It is empty."],
    [["--out", "missing/w"], "error: missing/w: the folder "],
    [["--out", "."], "error: .: is no file but a folder"],
    [["eval"], "error: digits.safetensors: cannot be read (ENOENT"],
    [["eval", "nowhere"], "error: nowhere: cannot be read (ENOENT"],
    [["eval", "."], "error: .: cannot be read (it is a folder, a pipe or a device)"],
    [["eval", "a", "b"], "error: too many arguments for 'eval'"],
    [["eval", "--epochs", "2"], "error: unknown option '--epochs'"],
    [["predict", "--index", "2..1"], "'2..1' is invalid. Give positions from 0 on"],
    [["predict", "--index", "a"], "'a' is invalid"],
    [["predict", "--index", "0..1..2"], "'0..1..2' is invalid"],
  ])("%j", async (args, message) => {
    const { status, stdout, stderr } = await trainer(args);
    expect(stderr).toContain(message);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    expect([status, stdout]).toEqual([2, ""]);
    expect(readdirSync(cwd)).toEqual([]);
  });

  test("weights that give no numbers, with code 1", async () => {
    const huge = (...shape: number[]) => ({ shape, data: new Float32Array(shape.reduce((a, b) => a * b)).fill(3e38) });
    const state = { "0.w": huge(784, 10), "0.b": huge(10) };
    const origin = { data: "rendered-digits", seed: 0, epochs: 1, variant: "plain-f32" };
    await saveWeights("huge.safetensors", { state, widths: [784, 10], origin });
    const scored = await trainer(["eval", "huge.safetensors", "--json"]);
    expect(scored).toMatchObject({ status: 1, stdout: "" });
    expect(scored.stderr).toMatch(/\nerror: huge\.safetensors: its test loss is (NaN|Infinity); train again/);
    const guessed = await trainer(["predict", "huge.safetensors", "--json"]);
    expect(guessed).toMatchObject({ status: 1, stdout: "" });
    expect(guessed.stderr).toMatch(/^error: the weights give probabilities that are no numbers/);
    rmSync("huge.safetensors");
  });

  test("a file of no images", async () => {
    await saveWeights("w.safetensors", {
      state: {
        "0.w": { shape: [1, 10], data: new Float32Array(10) },
        "0.b": { shape: [10], data: new Float32Array(10) },
      },
      widths: [1, 10],
      origin: { data: "d", seed: 0, epochs: 1, variant: "v" },
    });
    writeFileSync("empty", encodeIdx([0, 1, 1], new Uint8Array()));
    const { status, stderr } = await trainer(["predict", "w.safetensors", "--data", "empty"]);
    expect([status, stderr]).toEqual([2, "error: empty: has no images; give another file\n"]);
    for (const name of readdirSync(cwd)) rmSync(name);
  });

  test("weights that do not fit the data", async () => {
    await trainer(["--epochs", "1", "--batch-size", "10000", "--hidden", "1"]);
    writeFileSync(join(cwd, "small"), encodeIdx([1, 2, 3], new Uint8Array(6)));
    const { status, stderr } = await trainer(["predict", "--data", "small"]);
    expect(stderr).toBe(
      "error: digits.safetensors takes images of 784 pixels, but small has 2 × 3 = 6; give the --data it was trained on\n",
    );
    expect(status).toBe(2);
    const beyond = await trainer(["predict", "--index", "2000"]);
    expect(beyond.stderr).toBe("error: --index 2000: rendered-digits has 2000 images; give 0 to 1999\n");
  });
});

test("training that diverges ends with code 1, and saves nothing", async () => {
  rmSync(join(cwd, "digits.safetensors"), { force: true });
  const { status, stderr } = await trainer(["--optimizer", "sgd", "--lr", "1000", "--hidden", "64,64,64,64"]);
  expect(stderr).toMatch(
    /^error: training diverged: the loss became \w+ at epoch 1, step \d+; try a smaller --lr than 1000\n$/,
  );
  expect(status).toBe(1);
  expect(readdirSync(cwd)).not.toContain("digits.safetensors");
});
