import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import type { TrainReport } from "./train-command.ts";

const main = fileURLToPath(new URL("main.ts", import.meta.url));
const cwd = mkdtempSync(join(tmpdir(), "trainer-"));
afterAll(() => rmSync(cwd, { recursive: true }));

/** The command line as a user runs it, in an empty folder. */
function trainer(...args: string[]): SpawnSyncReturns<string> {
  const environment = { ...process.env, NODE_OPTIONS: "" };
  return spawnSync(process.execPath, ["--conditions=@surprisal/source", main, ...args], {
    cwd,
    encoding: "utf8",
    env: environment,
  });
}

function lastLineOf(output: string): TrainReport {
  return JSON.parse(output.trimEnd().split("\n").at(-1)!) as TrainReport;
}

const small = ["--epochs", "2", "--batch-size", "200", "--hidden", "8", "--json"];

describe("train", () => {
  test("learns the digits that it draws, in plain lines where nobody watches, and ends with JSON", () => {
    const { status, stdout, stderr } = trainer("train", ...small, "--lr", "0.01");
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).not.toContain("\x1b");
    expect(stdout).toMatch(/^Epoch 2\/2 - \d+\.\ds - .* test accuracy: \d+\.\d\d %$/m);
    const report = lastLineOf(stdout);
    expect(report).toMatchObject({
      data: "rendered-digits",
      trainImages: 4000,
      testImages: 1000,
      model: "784-8-10",
      epochs: 2,
      seed: 0,
    });
    expect(report.testAccuracy).toBeGreaterThan(0.5); // chance is 0.1
    expect(report.weightsHash).toMatch(/^[0-9a-f]{64}$/);
  });

  test("gives the same weights for the same seed, and others for another", () => {
    const [first, second, other] = [["7"], ["7"], ["8"]].map(
      ([seed]) => lastLineOf(trainer(...small, "--seed", seed!).stdout).weightsHash,
    );
    expect(second).toBe(first);
    expect(other).not.toBe(first);
  });

  test("shows every option with its default", () => {
    const { status, stdout } = trainer("train", "--help");
    expect(status).toBe(0);
    for (const option of [
      "--data <dir>",
      "--epochs <n>",
      "--batch-size <n>",
      "--lr <x>",
      "--hidden <n>",
      "--seed <n>",
      "--json",
    ]) {
      expect(stdout).toContain(option);
    }
    expect(stdout.match(/\(default: /g)).toHaveLength(6);
  });
});

describe("a wrong command line ends with code 2 and one line that names the thing and the remedy", () => {
  test.each([
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
    [["--batch-size", "5000"], "error: --batch-size 5000 is more than the 4000 training images; give at most that"],
    [["--seed", "9007199254740992"], "is invalid. Give a whole number from 0 to 9007199254740991."],
    [["--epoch", "3"], "error: unknown option '--epoch' (Did you mean --epochs?) (--help"],
    [["--no-json"], "error: unknown option '--no-json'"],
    [["--x\ny"], "unknown option '--x y'"],
    [["--data", "a\nb\x1b[31m"], "error: a b\\x1b[31m: a folder with MNIST's four files"],
    [["--epochs", "2", "train"], "error: train comes first, before its options, and once"],
    [["--bogus"], "error: unknown option '--bogus'"],
    [["evaluate"], 'error: there is no command or argument "evaluate"; the command is train'],
    [["--data", "nowhere"], "error: nowhere: a folder with MNIST's four files was expected"],
    [["--data", ""], "It is empty."],
  ])("%j", (args, message) => {
    const { status, stdout, stderr } = trainer(...args);
    expect(stderr).toContain(message);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    expect([status, stdout]).toEqual([2, ""]);
    expect(readdirSync(cwd)).toEqual([]);
  });
});
