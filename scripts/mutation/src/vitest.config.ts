// The tests that lie beside the mutated sources, and those of what is built on them alone, on instrumented sources. The
// kit's cases are judged without vitest (kit-judge.ts).
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defaultServerConditions } from "vite";
import { defineConfig } from "vitest/config";
import type { Mutation } from "./mutants.ts";

const { code }: Mutation = JSON.parse(readFileSync(process.env.MUTATION_FILE!, "utf8"));
const conditions = ["@surprisal/source", ...defaultServerConditions];

export default defineConfig({
  root: fileURLToPath(new URL("../../..", import.meta.url)),
  plugins: [{ name: "mutants", enforce: "pre", load: (id) => code[id] }],
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: [
      "packages/backend-cpu/src/plain/*.test.ts",
      "packages/core/src/open-device.test.ts",
      "packages/core/src/loss/*.test.ts",
      "packages/core/src/presets/*.test.ts",
    ],
    exclude: ["packages/backend-cpu/src/plain/conformance-*.test.ts"],
    runner: fileURLToPath(new URL("./test-runner.ts", import.meta.url)),
    testTimeout: 600_000,
    hookTimeout: 60_000,
    maxWorkers: 3,
    silent: true,
    // Its key is the written source: it would hand out mutants under the numbers of an earlier run.
    fsModuleCache: false,
  },
});
