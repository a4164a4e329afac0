// Compiles assembly/ to WebAssembly, with relaxed SIMD and without, for one thread and for several, and says what the generated
// modules hold.
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

const packageFolder = fileURLToPath(new URL("..", import.meta.url));

/** Where the modules' constants stand; below it is nothing, so that address 0 is never a tensor. */
const CONSTANTS_FROM = 1024;

/** The generated modules by the ends of their names, and what each is compiled from. */
export const entries = { "": "assembly/index.ts", "-threads": "assembly/threads.ts" };

/** The bytes of the kernels as `relaxed` or `strict`, and of which entry. */
export async function compileKernels(variant, entry) {
  const written = new Map();
  const relaxed = variant === "relaxed";
  const { error, stderr } = await asc.main(
    [
      entry,
      `--baseDir=${packageFolder}`,
      "--outFile=kernels.wasm",
      // Not -O3, which sorts what stands side by side in a loop into one chain after the other; see assembly/loss/window-exp.ts.
      "-O2",
      "--converge",
      // -O2 ends with many more locals than it needs.
      "--runPasses=coalesce-locals-learning,reorder-locals",
      "--noAssert",
      "--runtime=stub",
      "--importMemory",
      "--noExportMemory",
      "--initialMemory=1",
      "--maximumMemory=65536",
      `--memoryBase=${CONSTANTS_FROM}`,
      "--enable=simd",
      "--enable=bulk-memory",
      ...(relaxed ? ["--enable=relaxed-simd"] : []),
      `--use=RELAXED=${relaxed ? 1 : 0}`,
    ],
    { writeFile: (name, contents) => written.set(name, contents), listFiles: undefined },
  );
  if (error) throw new Error(`asc failed:\n${stderr}`, { cause: error });
  return written.get("kernels.wasm");
}

/**
 * The TypeScript module that carries those bytes: deflated, since gzip on the way makes base64 of plain bytes 4/3 as
 * long. By Zopfli, which looks longer than gzip does for what is shortest, and gives the same bytes on every machine.
 */
export async function generatedModule(bytes) {
  const functions = WebAssembly.Module.exports(new WebAssembly.Module(bytes)).map(({ name }) => name);
  // Loaded for this alone: once it is there, a process that fails prints the whole of it.
  const { deflateAsync } = await import("@gfx/zopfli");
  const deflated = Buffer.from(await deflateAsync(bytes, { numiterations: 15 }));
  return {
    functions: functions.sort(),
    source: `// Generated from assembly/ by scripts/build-kernels.mjs. Do not edit.
/** The kernels as WebAssembly, ${bytes.length} bytes, deflated and in base64. */
export const wasm: string =
  "${deflated.toString("base64")}";
`,
  };
}

/** The names of the functions, as a type. */
export function functionNames(functions) {
  return `// Generated from assembly/ by scripts/build-kernels.mjs. Do not edit.
/** The functions that the kernel modules export; a few only that for several threads. */
export type WasmFunction =
${functions.map((name) => `  | "${name}"`).join("\n")};
`;
}
