import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { runCommandLine } from "./command-line.ts";

vi.mock("./data/rendered-digits.ts", async (load) => {
  const { drawnOnce } = await import("../testing/drawn-once.ts");
  return drawnOnce(await load());
});

afterEach(() => vi.unstubAllGlobals());

async function trainer(...args: string[]) {
  let [stdout, stderr] = ["", ""];
  const out = { write: (text: string) => (stdout += text) };
  const status = await runCommandLine(args, { out, err: { write: (text: string) => (stderr += text) } });
  return { status, stdout, stderr };
}

test("where a backend is not available, the list says why", async () => {
  expect((await trainer("--list-backends")).stdout).toMatch(/^cpu {7}available: WebAssembly/m);
  vi.stubGlobal("WebAssembly", undefined);
  const { status, stdout } = await trainer("--list-backends");
  expect(stdout).toMatch(
    /^cpu {7}not available: .*WebAssembly.*\nworkers {3}not available: .*WebAssembly.*\nplain {5}available: JavaScript \(plain-f32\)\ngpujs {5}(not )?available: .*\n$/,
  );
  expect(status).toBe(0);
});

test("one that was asked for is never replaced by another", async () => {
  vi.stubGlobal("WebAssembly", undefined);
  const { status, stdout, stderr } = await trainer("--backend", "cpu");
  expect(stderr).toMatch(/^error: --backend cpu: .*WebAssembly.*; --list-backends shows what is available here\n$/);
  expect([status, stdout]).toEqual([2, ""]);
});

test("where none was asked for, the first that is available runs, and why the others do not is said", async () => {
  vi.stubGlobal("WebAssembly", undefined);
  const folder = mkdtempSync(join(tmpdir(), "backends-"));
  const args = ["--epochs", "1", "--hidden", "1", "--batch-size", "10000", "--out", join(folder, "w")];
  const { status, stdout } = await trainer(...args);
  rmSync(folder, { recursive: true });
  expect(status).toBe(0);
  expect(stdout).toMatch(
    /^ {10}cpu is not available: .*WebAssembly.*\n {10}workers is not available: .*WebAssembly.*\nBackend {3}plain: JavaScript \(plain-f32\); seed 0\n/m,
  );
});

test("workers leave the weights that cpu leaves, bit by bit, on any number of threads", async () => {
  const folder = mkdtempSync(join(tmpdir(), "backends-"));
  const hash = async (...backend: string[]): Promise<string> => {
    const args = ["--json", "--epochs", "1", "--hidden", "256", "--batch-size", "1000", "--out", join(folder, "w")];
    const { stdout } = await trainer(...args, "--backend", ...backend);
    return (JSON.parse(stdout) as { weightsHash: string }).weightsHash;
  };
  const expected = await hash("cpu");
  for (const threads of ["1", "2", "3", "4"]) expect(await hash("workers", "--threads", threads)).toBe(expected);
  rmSync(folder, { recursive: true });
});

test("a number of threads goes with workers alone", async () => {
  const { status, stderr } = await trainer("--backend", "cpu", "--threads", "2");
  expect([status, stderr]).toEqual([2, "error: --threads goes with --backend workers\n"]);
});

// Where CI is set there must be a GPU, one in software too.
const hasGpu = Boolean(process.env.CI) || /^gpujs +available/m.test((await trainer("--list-backends")).stdout);
if (!hasGpu) console.warn("The test that trains on a GPU is skipped: --list-backends says why there is none.");

test.skipIf(!hasGpu)("the GPU trains as cpu does", async () => {
  const folder = mkdtempSync(join(tmpdir(), "backends-"));
  const train = async (backend: string): Promise<{ trainLoss: number; testLoss: number }> => {
    const args = ["--json", "--epochs", "1", "--hidden", "8", "--batch-size", "1000", "--out", join(folder, "w")];
    const { stdout, stderr } = await trainer(...args, "--backend", backend);
    return JSON.parse(stdout || JSON.stringify(stderr));
  };
  const [expected, found] = [await train("cpu"), await train("gpujs")];
  rmSync(folder, { recursive: true });
  // The loss of both classes, 1e-6 of max(1, loss) (docs/semantics.md §7), over ten steps of Adam.
  expect(Math.abs(found.trainLoss - expected.trainLoss)).toBeLessThan(1e-5);
  expect(Math.abs(found.testLoss - expected.testLoss)).toBeLessThan(1e-5);
});

test("a GPU that is not there is never replaced, and the line says what is missing", async () => {
  vi.stubGlobal("navigator", { gpu: { requestAdapter: async () => null } });
  const { status, stdout, stderr } = await trainer("--backend", "gpujs");
  expect(stderr).toMatch(/^error: --backend gpujs: .*no adapter.*; --list-backends shows what is available here\n$/);
  expect([status, stdout]).toEqual([2, ""]);
});
