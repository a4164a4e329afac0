import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

const index = fileURLToPath(new URL("index.ts", import.meta.url));

/** Runs a program that has a backend open on three threads, and computes; it is killed after 20 seconds. */
async function run(queued: boolean, rest: string): Promise<string> {
  const program = `
    import { workers } from ${JSON.stringify(index)};
    const backend = await workers({ threads: 3, testing: { queued: ${queued} } }).open({ onError() {} });
    const length = 400_000;
    const y = backend.alloc("float", length);
    for (let i = 0; i < 10; i++) backend.kernels.fill({ y }, {}, { value: i, length });
    const value = (await backend.read(y))[length - 1];
    ${rest}
  `;
  const args = ["--conditions=@surprisal/source", "--input-type=module", "--eval", program];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 20_000 });
  return stdout.trim();
}

describe("a program with workers", () => {
  it.each([
    { how: "calls computed at once", queued: false },
    { how: "queued calls", queued: true },
  ])("ends when it has closed them ($how)", async ({ queued }) => {
    expect(await run(queued, "await backend.close(); console.log(value);")).toBe("9");
  });

  it("that it opens and closes again and again has no threads left", async () => {
    const again = `
      await backend.close();
      for (let i = 0; i < 25; i++) {
        const other = await workers({ threads: 3, testing: { queued: i % 2 === 1 } }).open({ onError() {} });
        const z = other.alloc("float", length);
        other.kernels.fill({ y: z }, {}, { value: i, length });
        const reading = other.read(z);
        await other.close();
        if ((await reading)[length - 1] !== i) throw new Error("another number");
      }
      console.log(process.report.getReport().workers.length);
    `;
    expect(await run(false, again)).toBe("0");
  });

  it("ends although it has not", async () => {
    expect(await run(false, "console.log(value);")).toBe("9");
  });
});
