import { fileURLToPath } from "node:url";
import { build, defaultClientConditions } from "vite";

export interface BundleOptions {
  /** What of our packages is taken: their sources if absent, what is published if empty. */
  readonly conditions?: readonly string[] | undefined;
  readonly minify?: boolean | undefined;
}

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/**
 * Bundles a source, of this folder unless a whole address is given, into ES modules in memory: /page.js, /worker.js and what
 * they import, name → code.
 */
export async function bundlePage(
  entry = "page.ts",
  { conditions = ["@surprisal/source"], minify = false }: BundleOptions = {},
): Promise<Map<string, string>> {
  const result = await build({
    root: here("."),
    configFile: false,
    logLevel: "warn",
    resolve: { conditions: [...conditions, ...defaultClientConditions] },
    build: {
      write: false,
      target: "es2023",
      // Vite keeps the spaces of a library's ES modules unless its output is told otherwise.
      minify,
      rolldownOptions: minify ? { output: { minify: true } } : {},
      lib: {
        entry: { page: here(entry), worker: here("worker.ts") },
        formats: ["es"],
        fileName: (_, name) => `${name}.js`,
      },
    },
  });
  const outputs = [result].flat().flatMap((one) => ("output" in one ? one.output : []));
  return new Map(outputs.flatMap((file) => (file.type === "chunk" ? [[file.fileName, file.code] as const] : [])));
}
