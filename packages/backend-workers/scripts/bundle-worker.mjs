// Bundles src/worker.ts into one module without imports, and says what the generated module holds.
import { fileURLToPath } from "node:url";
import { build } from "vite";

/** The worker as one script. */
export async function bundleWorker() {
  const root = fileURLToPath(new URL("../src", import.meta.url));
  const result = await build({
    root,
    configFile: false,
    logLevel: "warn",
    build: {
      write: false,
      target: "es2022",
      minify: true,
      rolldownOptions: { external: [/^node:/] },
      lib: { entry: "worker.ts", formats: ["es"], fileName: "worker" },
    },
  });
  const chunks = [result].flat().flatMap((one) => ("output" in one ? one.output : []));
  if (chunks.length !== 1 || chunks[0].type !== "chunk") throw new Error("the worker is more than one script");
  return chunks[0].code;
}

/** The TypeScript module that carries the script. */
export function generatedModule(code) {
  return `// Generated from worker.ts by scripts/build-worker.mjs. Do not edit.
/** The script of a worker: a module without imports. */
export const workerSource: string = ${JSON.stringify(code)};
`;
}
