import { fileURLToPath } from "node:url";
import { build, defaultClientConditions } from "vite";

/** Bundles a source of this folder into ES modules in memory, /page.js, /worker.js and what they import: name → code. */
export async function bundlePage(entry = "page.ts"): Promise<Map<string, string>> {
  const result = await build({
    root: fileURLToPath(new URL(".", import.meta.url)),
    configFile: false,
    logLevel: "warn",
    resolve: { conditions: ["@surprisal/source", ...defaultClientConditions] },
    build: {
      write: false,
      target: "es2023",
      minify: false,
      lib: { entry: { page: entry, worker: "worker.ts" }, formats: ["es"], fileName: (_, name) => `${name}.js` },
    },
  });
  const outputs = [result].flat().flatMap((one) => ("output" in one ? one.output : []));
  return new Map(outputs.flatMap((file) => (file.type === "chunk" ? [[file.fileName, file.code] as const] : [])));
}
