import { createContext, runInContext } from "node:vm";
import { plain } from "@surprisal/backend-cpu/plain";
import { openDevice } from "@surprisal/core";
import { afterEach, describe, expect, it, vi } from "vitest";
import { variants } from "../testing/kernel-lab.ts";
import { cpu } from "./index.ts";

const open = async (variant: "auto" | "relaxed" | "strict" = "auto") => cpu({ variant }).open({ onError: () => {} });

/** WebAssembly with parts replaced. */
function stub(parts: Readonly<Record<string, unknown>>): void {
  const properties = Object.entries(parts).map(([name, value]) => [name, { value }]);
  vi.stubGlobal("WebAssembly", Object.create(WebAssembly, Object.fromEntries(properties)));
}

afterEach(() => {
  vi.unstubAllGlobals();
});

describe("opening", () => {
  it("gives the reason and the remedy where there is no WebAssembly", async () => {
    vi.stubGlobal("WebAssembly", undefined);
    await expect(open()).rejects.toThrow(
      "this engine has no WebAssembly: take plain() from @surprisal/backend-cpu/plain",
    );
  });

  const FORBIDDEN =
    "WebAssembly may not be compiled here: add 'wasm-unsafe-eval' to script-src in the page's" +
    " Content-Security-Policy, or take plain() from @surprisal/backend-cpu/plain";

  it("gives the reason and the remedy where an engine forbids to compile", async () => {
    // An engine's own refusal: code generation is switched off for the context that this WebAssembly comes from.
    const context = createContext({}, { codeGeneration: { strings: true, wasm: false } });
    vi.stubGlobal("WebAssembly", runInContext("WebAssembly", context));
    for (const variant of ["auto", "strict"] as const) {
      const error: Error = await open(variant).then(
        () => new Error("it opened"),
        (reason) => reason,
      );
      expect(error.message).toBe(FORBIDDEN);
      expect(String(error.cause)).toMatch(/^CompileError: .*disallowed by embedder/);
    }
  });

  it.each([
    ["rejects", () => Promise.reject(new EvalError("violates the following Content Security policy directive"))],
    [
      "throws",
      () => {
        throw new WebAssembly.CompileError("Wasm code generation disallowed by embedder");
      },
    ],
  ])("gives the same where compile %s", async (_, compile) => {
    stub({ compile });
    await expect(open()).rejects.toThrow(FORBIDDEN);
  });

  it("tells it to whoever opens a device, which takes the next candidate", async () => {
    stub({ compile: () => Promise.reject(new WebAssembly.CompileError("disallowed")) });
    const device = await openDevice([cpu(), plain()]);
    expect(device.report.candidates).toMatchObject([
      { name: "cpu", status: "unavailable", reason: FORBIDDEN },
      { name: "plain", status: "chosen" },
    ]);
    await device.close();
  });

  it("says that SIMD is missing", async () => {
    stub({ validate: () => false });
    await expect(open()).rejects.toThrow("this engine's WebAssembly has no SIMD: take plain() from");
    await expect(open("relaxed")).rejects.toThrow(
      'no relaxed SIMD (Node 20 has none): take variant "strict" or "auto"',
    );
  });

  it("takes the strict kernels where relaxed SIMD is missing", async () => {
    let asked = 0;
    stub({ validate: () => asked++ > 0 });
    expect((await open()).facts.variant).toBe("strict");
  });

  it("takes the strict kernels where multiply-add rounds twice", async ({ skip }) => {
    const { refusal } = variants.find(({ variant }) => variant === "relaxed")!;
    skip(refusal !== undefined, refusal);
    stub({
      Instance: class extends WebAssembly.Instance {
        override readonly exports = { fusesMultiplyAdd: () => 0 };
      },
    });
    await expect(open("relaxed")).rejects.toThrow("multiply-add rounds twice");
    expect((await open()).facts.variant).toBe("strict");
  });

  it.each([
    [65_535, "4 GiB"],
    [40_000, "2 GiB"],
    [20_000, "1 GiB"],
    [10_000, "512 MiB"],
  ])("takes less where addresses are scarce: %i pages", async (pages, words) => {
    const refusing = refuseAbove(pages);
    const { facts } = await open();
    expect(facts.device).toContain(`, ${words} at most`);
    // All but the page of constants, the local scratch and the last 64 bytes.
    const [obtained] = refusing.obtained.slice(-1);
    expect(facts.maxLength).toBe(((obtained! - 2) * 65_536 - 64) / 4);
  });

  it("says so where not even half a GiB is to be had", async () => {
    refuseAbove(1000);
    await expect(open()).rejects.toThrow("the system has no room for a WebAssembly memory of 512 MiB");
  });
});

/** An engine that refuses memories with a larger maximum, as one does that reserves addresses. */
function refuseAbove(pages: number): { obtained: number[] } {
  const obtained: number[] = [];
  const Memory = class extends WebAssembly.Memory {
    constructor(descriptor: WebAssembly.MemoryDescriptor) {
      if (descriptor.maximum! > pages) throw new RangeError("WebAssembly.Memory(): could not allocate memory");
      super(descriptor);
      obtained.push(descriptor.maximum!);
    }
  };
  stub({ Memory });
  return { obtained };
}
