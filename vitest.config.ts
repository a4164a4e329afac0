import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defaultServerConditions } from "vite";
import { defineConfig } from "vitest/config";
import { softwareVulkan } from "./scripts/software-vulkan.mjs";

// A bare list would replace Vite's own conditions.
const conditions = ["@surprisal/source", ...defaultServerConditions];

const driver = softwareVulkan();

export default defineConfig({
  test: {
    // Vitest leaves a core to itself, and would use one of two.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      {
        resolve: { conditions },
        ssr: { resolve: { conditions } },
        test: {
          name: "node",
          include: ["{packages,apps}/*/src/**/*.test.ts", "{scripts,examples}/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          env: {
            // For WebGPU on Node.
            ...(driver === undefined ? {} : { VK_ICD_FILENAMES: driver }),
            // Tests start a hundred processes, most of which load the same sources.
            NODE_COMPILE_CACHE: fileURLToPath(new URL("node_modules/.cache/compiled", import.meta.url)),
          },
        },
      },
    ],
  },
});
