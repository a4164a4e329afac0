import { defaultServerConditions } from "vite";
import { defineConfig } from "vitest/config";
import { softwareVulkan } from "./scripts/software-vulkan.mjs";

// A bare list would replace Vite's own conditions.
const conditions = ["@surprisal/source", ...defaultServerConditions];

const driver = softwareVulkan();

export default defineConfig({
  test: {
    projects: [
      {
        resolve: { conditions },
        ssr: { resolve: { conditions } },
        test: {
          name: "node",
          include: ["{packages,apps}/*/src/**/*.test.ts", "{scripts,examples}/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // For WebGPU on Node.
          env: driver === undefined ? {} : { VK_ICD_FILENAMES: driver },
        },
      },
    ],
  },
});
