import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";

const main = fileURLToPath(new URL("main.ts", import.meta.url));
const cwd = mkdtempSync(join(tmpdir(), "trainer-"));
afterAll(() => rmSync(cwd, { recursive: true }));
const options = { cwd, env: { ...process.env, NODE_OPTIONS: "" } };
const node = ["--conditions=@surprisal/source", main];

test("a run as users start it ends with code 0, in plain lines where nobody watches", () => {
  const args = ["--epochs", "1", "--batch-size", "200", "--hidden", "8", "--json"];
  const { status, stdout, stderr } = spawnSync(process.execPath, [...node, ...args], { ...options, encoding: "utf8" });
  expect(stderr).toMatch(/^Epoch 1\/1 - /m);
  expect(stdout + stderr).not.toContain("\x1b");
  expect(JSON.parse(stdout)).toMatchObject({ epochs: 1 });
  expect(status).toBe(0);
});

test("a wrong one ends with code 2 and one line", () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...node, "--bogus"], {
    ...options,
    encoding: "utf8",
  });
  expect([status, stdout]).toEqual([2, ""]);
  expect(stderr.trimEnd().split("\n")).toHaveLength(1);
});

/** What a process writes, until it is done or has written something that matches. */
async function outputOf(child: ChildProcess, until?: RegExp): Promise<string> {
  let text = "";
  for await (const chunk of child.stdout!) {
    text += chunk;
    if (until?.test(text)) break;
  }
  return text;
}

/** Its exit code, or the signal that ended it. */
const endOf = (child: ChildProcess) =>
  new Promise((resolve) => child.on("exit", (code, signal) => resolve(code ?? signal)));

test.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)("%s ends training after the step at hand, saves, says where, and exits with %d", async (signal, code) => {
  const out = `${signal}.safetensors`;
  const args = ["--epochs", "100000", "--hidden", "8", "--out", out];
  const child = spawn(process.execPath, [...node, ...args], { ...options, stdio: ["ignore", "pipe", "inherit"] });
  child.stdout.setEncoding("utf8");
  let text = "";
  child.stdout.on("data", (part: string) => {
    if (!/^Epoch 1\//m.test(text) && /^Epoch 1\//m.test(text + part)) child.kill(signal);
    text += part;
  });
  expect(await endOf(child)).toBe(code);
  expect(text).toMatch(new RegExp(`\nInterrupted after \\d+ of 100000 epochs; weights saved to ${out}\n$`));
  const { status } = spawnSync(process.execPath, [...node, "eval", out], options);
  expect(status).toBe(0);
});

test("a second signal ends it at once", async () => {
  const deaf = `
    import { listenForInterrupts } from ${JSON.stringify(new URL("interrupts.ts", import.meta.url).href)};
    const { signal } = listenForInterrupts();
    signal.addEventListener("abort", () => console.log("heard"));
    console.log("listening");
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", deaf], { stdio: ["ignore", "pipe", "inherit"] });
  child.stdout.setEncoding("utf8");
  let text = "";
  child.stdout.on("data", (part: string) => {
    text += part;
    child.kill("SIGINT");
  });
  expect(await endOf(child)).toBe(130);
  expect(text).toBe("listening\nheard\n");
});

test("a reader that has seen enough ends the run without a word", async () => {
  const child = spawn(process.execPath, [...node, "--epochs", "50", "--hidden", "8", "--out", "pipe.safetensors"], {
    ...options,
    stdio: ["ignore", "pipe", "pipe"],
  });
  child.stdout!.setEncoding("utf8");
  await outputOf(child, /^Epoch 1\//m);
  expect(await endOf(child)).toBe(0);
  expect(existsSync(join(cwd, "pipe.safetensors"))).toBe(false);
});
