import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { cases, casesVersion } from "../cases.ts";
import type { Report } from "../report.ts";

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const right = path("../../testing/plain-backend.ts");
const lost = path("../../testing/lost-backend.ts");

async function run(...args: string[]): Promise<{ code: number | null; output: string; errors: string }> {
  const child = spawn(process.execPath, ["--conditions=@surprisal/source", path("main.ts"), ...args]);
  const said = { output: "", errors: "" };
  child.stdout.on("data", (part) => {
    said.output += part;
  });
  child.stderr.on("data", (part) => {
    said.errors += part;
  });
  const [code] = await once(child, "close");
  return { code, ...said };
}

describe("a right backend", () => {
  test("passes with a table by group, in plain lines, and exit code 0", async () => {
    const { code, output, errors } = await run(right, "--filter", "kernel/gemm", "--filter", "fusion");
    expect(errors).toBe("");
    expect(output).toContain(`case set ${casesVersion}, tier quick, seed 1`);
    expect(output).toMatch(/^kernel\/gemm +13 +0 +0 +0\.5 [\w-]+ +\S+e-8 [\w-]+$/m);
    expect(output).toMatch(/^fusion +0 +0 +32$/m);
    expect(output).toMatch(/^ {2}4: adamw is not offered: core derives it$/m);
    expect(output).toMatch(/\n14 passed, 0 failed, 32 skipped\n$/);
    expect(output).not.toContain("\u001b");
    expect(code).toBe(0);
  });

  test("gives a report as JSON and as a page that needs nothing else", async () => {
    const folder = await mkdtemp(join(tmpdir(), "conformance-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const page = join(folder, "report.html");
    const { code, output } = await run(right, "--json", "--html", page, "--seed", "7", "--filter", "kernel/unary/exp");
    expect(JSON.parse(output)).toMatchObject({
      name: "plain",
      seed: 7,
      cases: casesVersion,
      failed: 0,
      facts: { device: "JavaScript" },
      environment: expect.stringContaining(`Node ${process.versions.node}`),
    });
    const html = await readFile(page, "utf8");
    expect(html).toMatch(/^<!doctype html>.*<code>kernel\/unary<\/code>.*<\/html>\n$/s);
    expect(html).not.toMatch(/<script|<link|src=|href=/);
    expect(code).toBe(0);
  });
});

test("a backend that hangs or takes its process with it fails those cases, and the others run in a fresh process", async () => {
  const { code, output, errors } = await run(
    lost,
    ...["--json", "--deadline", "3000"],
    ...["--filter", "kernel/fill/values", "--filter", "kernel/select/either", "--filter", "kernel/gemm/"],
    ...["--filter", "kernel/rearrange/pad"],
  );
  const { verdicts, passed }: Report = JSON.parse(output);
  const failed = Object.fromEntries(verdicts.filter((v) => v.status === "failed").map((v) => [v.id, v.message]));
  expect(failed).toEqual({
    "kernel/rearrange/pad": "would pass: remove the skip",
    "kernel/fill/values": expect.stringContaining("expected -1.5, got -3"),
    "kernel/select/either": "no answer within 3000 ms; its process was ended",
    "kernel/gemm/batch": "the process ended with code 3",
    "kernel/gemm/accumulate": "the process ended with code 3",
  });
  expect(passed).toBe(13);
  expect(verdicts.map(({ id }) => id).slice(0, 4)).toEqual([
    "kernel/rearrange/pad",
    "kernel/rearrange/pad-past-the-end",
    "kernel/fill/values",
    "kernel/select/either",
  ]);
  expect(verdicts.at(-1)).toMatchObject({ id: "backend/close", status: "passed" });
  expect(errors).toContain("failed: kernel/gemm/batch: the process ended with code 3\n");
  expect(code).toBe(1);
});

test("--list prints the ids of a tier", async () => {
  const { code, output } = await run("--list", "--tier", "full", "--filter", "memory/");
  const ids = cases.filter(({ group }) => group === "memory").map(({ id }) => id);
  expect(output).toBe(`# case set ${casesVersion}, tier full: ${ids.length} cases\n${ids.join("\n")}\n`);
  expect(code).toBe(0);
});

test.each([
  [["none.js"], "there is no file "],
  [[path("../../testing/no-backend.ts")], 'no default export, none named "backend" and no only one is a provider'],
  [[right, "--filter", "kernel/none"], "no quick case begins with kernel/none: see --list"],
  [[right, "--fast"], "Unknown option '--fast'"],
])("wrong use ends with code 2 and a reason: %j", async (args, reason) => {
  const { code, output, errors } = await run(...args);
  expect(errors).toMatch(/^surprisal-conformance: .*\nTry --help\.\n$/s);
  expect(errors).toContain(reason);
  expect(output).toBe("");
  expect(code).toBe(2);
});

test("--help says what there is", async () => {
  const { code, output } = await run("--help");
  for (const option of ["--tier", "--filter", "--seed", "--deadline", "--json", "--html", "--list"]) {
    expect(output).toContain(`  ${option}`);
  }
  expect(code).toBe(0);
});
