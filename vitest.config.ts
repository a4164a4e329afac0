import { defaultServerConditions } from "vite";
import { defineConfig } from "vitest/config";

// A bare list would replace Vite's own conditions.
const conditions = ["@surprisal/source", ...defaultServerConditions];

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
        },
      },
    ],
  },
});
