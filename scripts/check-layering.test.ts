import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const repository = fileURLToPath(new URL("..", import.meta.url));
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "layering-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(files: Record<string, string>): void {
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
}

function run(script: string, ...args: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(repository, script), ...args], {
    cwd: folder,
    encoding: "utf8",
  });
  return { status, output: stdout + stderr };
}

const packages = {
  "packages/core/package.json": `{ "name": "@surprisal/core" }`,
  "packages/backend-cpu/package.json": `{ "name": "@surprisal/backend-cpu" }`,
  "packages/nn/package.json": `{ "name": "@surprisal/nn" }`,
  "apps/trainer/package.json": `{ "name": "@surprisal/trainer" }`,
};

describe("the layering check", () => {
  test("passes the imports that the design allows", () => {
    write({
      ...packages,
      "packages/core/src/index.ts": `export * from "./tensor.ts";`,
      "packages/core/src/index.test.ts": `import { plain } from "@surprisal/backend-cpu/plain"; plain("gpu.js");`,
      "packages/backend-cpu/src/plain/index.ts": `import type { Backend } from "@surprisal/core"; import "../kernels.ts";`,
      "packages/nn/src/index.ts": `import { add } from "@surprisal/core/ops"; export type T = import("@surprisal/core").T;`,
      "apps/trainer/src/main.ts": `import { plain } from "@surprisal/backend-cpu/plain"; import "./train.ts";`,
    });
    expect(run("scripts/check-layering.mjs", folder)).toMatchObject({ status: 0 });
  });

  test.each([
    ["packages/core/src/a.ts", `import type { Layer } from "@surprisal/nn";`, "core imports no other package"],
    ["packages/core/src/a.ts", `// as backend-cpu does`, "core holds no backend's name"],
    ["packages/core/src/a.ts", `import "../../nn/src/index.ts";`, "a relative import stays in its package"],
    ["packages/backend-cpu/src/a.ts", `import { type T } from "@surprisal/core";`, "only types of @surprisal/core"],
    ["packages/backend-cpu/src/a.ts", `export * from "@surprisal/core";`, "only types of @surprisal/core"],
    ["packages/backend-cpu/src/a.ts", `await import("@surprisal/core");`, "only types of @surprisal/core"],
    ["packages/backend-cpu/src/a.ts", `import type { T } from "@surprisal/nn";`, "only types of @surprisal/core"],
    ["packages/nn/src/a.ts", `import { plain } from "@surprisal/backend-cpu/plain";`, "only @surprisal/core's public"],
    ["packages/nn/src/a.ts", `import "@surprisal/trainer";`, "nothing imports an app"],
    ["packages/nn/src/a.test.ts", `import "../../../apps/trainer/src/main.ts";`, "nothing imports an app"],
  ])("fails %s: %s", (file, source, message) => {
    write({ ...packages, [file]: `\n${source}\n` });
    const { status, output } = run("scripts/check-layering.mjs", folder);
    expect(output).toContain(`${file}:2: "`);
    expect(output).toContain(message);
    expect(status).toBe(1);
  });
});

test("biome.json makes a cycle an error, even one of types alone", () => {
  copyFileSync(join(repository, "biome.json"), join(folder, "biome.json"));
  write({
    ".gitignore": "node_modules\n",
    "src/a.ts": `import type { B } from "./b.ts";\n\nexport type A = { b: B };\n`,
    "src/b.ts": `export type { A } from "./a.ts";\nexport type B = number;\n`,
  });
  const { status, output } = run("node_modules/@biomejs/biome/bin/biome", "lint", ".");
  expect(output).toContain("noImportCycles");
  expect(status).toBe(1);
});
