import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";
import wabt from "wabt";
import { lossWat } from "./loss-wat.ts";

/** The same loop, out of one of the tools. */
export interface Compiled {
  readonly tool: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Lines of the source that are neither empty nor a comment. */
  readonly lines: number;
}

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const text = (name: string): string => readFileSync(here(name), "utf8");

export async function fromAssemblyScript(): Promise<Compiled> {
  const source = text("loss.as");
  const written = new Map<string, unknown>();
  const { error, stderr } = await asc.main(
    [
      ...[
        "loss.ts",
        "--outFile=loss.wasm",
        "-O3",
        "--noAssert",
        "--runtime=stub",
        "--importMemory",
        "--noExportMemory",
      ],
      ...["--initialMemory=1", "--maximumMemory=65536", "--memoryBase=1024", "--enable=simd", "--enable=relaxed-simd"],
    ],
    {
      readFile: (name: string) => (name === "loss.ts" ? source : null),
      writeFile: (name: string, contents: unknown) => void written.set(name, contents),
      listFiles: () => [],
    },
  );
  if (error) throw new Error(`asc failed:\n${stderr}`, { cause: error });
  return { tool: "AssemblyScript", bytes: written.get("loss.wasm") as Uint8Array<ArrayBuffer>, lines: lines(source) };
}

export async function fromText(): Promise<Compiled> {
  const features = { simd: true, relaxed_simd: true, bulk_memory: true };
  const module = (await wabt()).parseWat("loss.wat", lossWat, features);
  try {
    const { buffer } = module.toBinary({});
    return {
      tool: "WebAssembly text by TypeScript",
      bytes: Uint8Array.from(buffer),
      lines: lines(text("loss-wat.ts")),
    };
  } finally {
    module.destroy();
  }
}

/** Undefined where there is no clang and wasm-ld: `apt-get install clang-19 lld-19` on Debian. */
export function fromC(): Compiled | undefined {
  const clang = ["clang-19", "clang"].find(runs);
  const linker = ["wasm-ld-19", "wasm-ld"].find(runs);
  if (clang === undefined || linker === undefined) return undefined;
  const folder = mkdtempSync(join(tmpdir(), "surprisal-bench-"));
  try {
    const object = join(folder, "loss.o");
    const module = join(folder, "loss.wasm");
    const options = ["--target=wasm32", "-O3", "-ffp-contract=off", "-msimd128", "-mrelaxed-simd", "-nostdlib"];
    execFileSync(clang, [...options, "-c", here("loss.c"), "-o", object]);
    // Not by the clang driver: it runs whatever wasm-opt it finds, and older ones do not know relaxed SIMD.
    const layout = ["--import-memory", "--max-memory=4294967296", "--stack-first", "-z", "stack-size=1024"];
    execFileSync(linker, ["--no-entry", "--strip-all", ...layout, object, "-o", module]);
    return { tool: "C (clang)", bytes: Uint8Array.from(readFileSync(module)), lines: lines(text("loss.c")) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function runs(program: string): boolean {
  try {
    execFileSync(program, ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

function lines(source: string): number {
  return source.split("\n").filter((line) => !/^\s*(\/\/.*|\/?\*.*)?$/.test(line)).length;
}
