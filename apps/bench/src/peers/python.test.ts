import { spawnSync } from "node:child_process";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { gemm } from "../workloads/gemm.ts";
import { pythonPeer } from "./python.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "python-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** An executable of this name that runs a shell line. */
async function executable(line: string): Promise<string> {
  const file = join(folder, "python");
  await writeFile(file, `#!/bin/sh\n${line}\n`);
  await chmod(file, 0o755);
  return file;
}

/** A process that speaks the protocol, in JavaScript: C is A, every sample takes 2 ms. */
const imitation = `
import { createInterface } from "node:readline";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
const say = (reply) => console.log(JSON.stringify(reply));
say({ about: process.argv[3] + " 1.0, imitated", threads: 1 });
let arrays;
for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  if (command.do === "setup" && command.numbers.m === 7) say({ error: "ValueError: 7 is too many" });
  else if (command.do === "setup") {
    if (command.task !== "product" || command.arrays.a[1] !== "float32") process.exit(1);
    arrays = command.arrays;
    say({});
  } else if (command.do === "sample") say({ ms: 2 });
  else if (command.do === "read") {
    copyFileSync(arrays.a[0], join(command.folder, "c"));
    say({ files: { c: join(command.folder, "c") } });
  } else if (command.do === "dispose") process.exit(0);
}
`;

const problem = (shape: string) => gemm([]).problem(shape);

test("arrays go as files, samples are timed over there, and what comes back is read", async () => {
  await writeFile(join(folder, "imitation.mjs"), imitation);
  const command = await executable(`exec "${process.execPath}" "${join(folder, "imitation.mjs")}" "$@"`);
  const peer = pythonPeer("torch", command);
  const given = problem("2x2x2");
  const ready = await peer.product.setup(given);
  expect(ready.device).toBe("torch 1.0, imitated, 1 thread, a process of its own");
  expect(await ready.sample!(10)).toBe(2);
  expect(await ready.read()).toEqual(given.a);
  // What goes wrong over there is said here, and the process goes on.
  await expect(peer.product.setup(problem("7x1x1"))).rejects.toThrow("ValueError: 7 is too many");
  expect(await ready.sample!(1)).toBe(2);
  await expect(ready.dispose()).rejects.toThrow("its process ended");
  await peer.close();
});

test("no such Python is a reason, not a hang", async () => {
  const peer = pythonPeer("tensorflow", join(folder, "none"));
  await expect(peer.product.setup(problem("2x2x2"))).rejects.toThrow("ENOENT");
  await peer.close();
});

const python = spawnSync("python3", ["--version"]).status === 0;

test.skipIf(!python)("a Python without the framework says so (skipped where there is no python3)", async () => {
  // -S: without what was installed besides.
  const command = await executable('exec python3 -S "$@"');
  const peer = pythonPeer("torch", command);
  await expect(peer.product.setup(problem("2x2x2"))).rejects.toThrow(/is not there: No module named/);
  await peer.close();
});
