// Bundles src/computing-worker.ts and src/worker.ts into one module each without imports, and says what the generated module holds.
import { fileURLToPath } from "node:url";
import { build, defaultClientConditions } from "vite";

/** A script of src as one module: `computing-worker`, or `worker`, which can coordinate too. */
export async function bundleWorker(name) {
  const root = fileURLToPath(new URL("../src", import.meta.url));
  const result = await build({
    root,
    configFile: false,
    logLevel: "warn",
    resolve: { conditions: ["@surprisal/source", ...defaultClientConditions] },
    build: {
      write: false,
      target: "es2022",
      minify: true,
      rolldownOptions: { external: [/^node:/], output: { codeSplitting: false } },
      lib: { entry: `${name}.ts`, formats: ["es"], fileName: name },
    },
  });
  const chunks = [result].flat().flatMap((one) => ("output" in one ? one.output : []));
  if (chunks.length !== 1 || chunks[0].type !== "chunk") throw new Error("the worker is more than one script");
  // The names of files in comments depend on where this runs.
  return chunks[0].code.replaceAll(/^\s*\/\/.*\n/gm, "");
}

/** The TypeScript module that carries the script. */
export function generatedModule(name, code) {
  return `// Generated from ${name}.ts by scripts/build-worker.mjs. Do not edit.
/** That script with all that it imports. */
export const ${name.replace(/-(.)/, (_, letter) => letter.toUpperCase())}Source: string = ${JSON.stringify(code)};
`;
}
