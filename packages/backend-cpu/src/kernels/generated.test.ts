import { readFileSync } from "node:fs";
import { inflateRawSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { compileKernels, entries, functionNames, generatedModule } from "../../scripts/compile-kernels.mjs";

const fileOf = (name: string): string => readFileSync(new URL(`${name}.generated.ts`, import.meta.url), "utf8");

const deflatedOf = (variant: string): Buffer => {
  const base64 = /"([A-Za-z0-9+/=]+)"/.exec(fileOf(variant))![1]!;
  return Buffer.from(base64, "base64");
};

const bytesOf = (variant: string): Buffer => inflateRawSync(deflatedOf(variant));

const modules = (["strict", "relaxed"] as const).flatMap((variant) =>
  (["", "-threads"] as const).map((end) => ({ variant, end, name: `${variant}${end}` })),
);

describe.for(modules)("the generated module $name", ({ variant, end, name }) => {
  it("is what assembly/ compiles to; if not, run pnpm kernels", async () => {
    const { functions, source } = await generatedModule(await compileKernels(variant, entries[end]));
    expect(source, "run pnpm kernels").toBe(fileOf(name));
    if (end === "-threads") expect(functionNames(functions), "run pnpm kernels").toBe(fileOf("functions"));
  });

  it("holds nothing that threads would share but its memory: no start function, no mutable global, no table", () => {
    const { imports, exports, globals, sections } = outlineOf(bytesOf(name));
    expect(imports).toEqual(["env.memory: memory of 1 to 65536 pages"]);
    expect(new Set(exports)).toEqual(new Set(["function"]));
    expect(globals.filter((global) => global === "mutable")).toEqual([]);
    for (const absent of ["start", "table", "memory", "element"]) expect(sections).not.toContain(absent);
  });

  it("keeps its constants in the first page, behind the zeros that stand for a tensor that is left out", () => {
    for (const { start, end } of outlineOf(bytesOf(name)).data) {
      expect(start).toBeGreaterThanOrEqual(1024);
      expect(end).toBeLessThanOrEqual(65_536);
    }
  });

  it("stays as small as it is, deflated as it is downloaded", () => {
    expect(deflatedOf(name).length).toBeLessThan(end === "" ? 15_900 : 16_900);
  });
});

it("strict has no instruction of relaxed SIMD that this engine would have to know", async () => {
  expect(WebAssembly.validate(Uint8Array.from(bytesOf("strict")))).toBe(true);
  expect(bytesOf("strict").equals(bytesOf("relaxed"))).toBe(false);
});

const SECTIONS = "custom type import function table memory global export start element code data dataCount".split(" ");
const I32_CONST = 0x41;
const F32_CONST = 0x43;
const F64_CONST = 0x44;
const KINDS = ["function", "table", "memory", "global"];

interface Outline {
  readonly sections: string[];
  readonly imports: string[];
  readonly exports: string[];
  readonly globals: string[];
  readonly data: { start: number; end: number }[];
}

/** What a module declares, read from its sections (WebAssembly core specification, §5.5). */
function outlineOf(bytes: Uint8Array): Outline {
  const outline: Outline = { sections: [], imports: [], exports: [], globals: [], data: [] };
  let at = 8;
  const byte = (): number => bytes[at++]!;
  const number = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const next = byte();
      value += (next & 0x7f) * 2 ** shift;
      if (next < 0x80) return value;
    }
  };
  const name = (): string => {
    const length = number();
    at += length;
    return Buffer.from(bytes.subarray(at - length, at)).toString();
  };
  const list = (entry: () => void): void => {
    for (let count = number(); count > 0; count--) entry();
  };
  /** An initial value: one constant instruction, and the end of the expression. */
  const constant = (): number => {
    const instruction = byte();
    if (instruction === F32_CONST || instruction === F64_CONST) at += instruction === F32_CONST ? 4 : 8;
    const value = instruction === I32_CONST ? number() : Number.NaN;
    if (byte() !== 0x0b) throw new Error("an initial value is more than a constant");
    return value;
  };
  const read: Record<string, () => void> = {
    import: () => {
      const from = `${name()}.${name()}`;
      if (KINDS[byte()] !== "memory") throw new Error(`${from} is no memory`);
      const hasMaximum = byte() === 1;
      const [minimum, maximum] = [number(), hasMaximum ? number() : undefined];
      outline.imports.push(`${from}: memory of ${minimum} to ${maximum} pages`);
    },
    export: () => {
      name();
      outline.exports.push(KINDS[byte()]!);
      number();
    },
    global: () => {
      byte();
      outline.globals.push(byte() === 1 ? "mutable" : "constant");
      constant();
    },
    data: () => {
      if (number() !== 0) throw new Error("a data segment is not placed at the start");
      const start = constant();
      const length = number();
      at += length;
      outline.data.push({ start, end: start + length });
    },
  };
  while (at < bytes.length) {
    const section = SECTIONS[byte()]!;
    const end = number() + at;
    outline.sections.push(section);
    if (read[section]) list(read[section]);
    at = end;
  }
  return outline;
}
