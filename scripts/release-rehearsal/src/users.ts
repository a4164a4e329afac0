import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { run } from "@surprisal/tool-kit/run";
import { tools } from "./tools.ts";

const strictest = {
  allowJs: true,
  checkJs: true,
  exactOptionalPropertyTypes: true,
  lib: ["es2022", "dom"],
  module: "nodenext",
  noEmit: true,
  noUncheckedIndexedAccess: true,
  strict: true,
  target: "es2022",
  types: [],
};

/** Somebody who uses an installed package: runs, compiles or bundles `program` in the folder of the install. */
export interface User {
  readonly name: string;
  use(folder: string, program: string): Promise<unknown>;
}

async function runsOn(command: string, args: readonly string[], folder: string): Promise<void> {
  const said = await run(command, args, { cwd: folder, seconds: 60, env: { NO_COLOR: "1" } });
  if (said !== "ok\n") throw new Error(`it says ${JSON.stringify(said)} instead of "ok"`);
}

/** The plain ES module on a Node. */
export const node = (name: string, path: string): User => ({
  name,
  use: (folder, program) => runsOn(path, [program], folder),
});

/** All that the matrix has: three Nodes, Deno, Bun, the oldest and the newest TypeScript, three bundlers. */
export async function allUsers(): Promise<User[]> {
  const modules = await tools("users");
  const nodes = [20, 22, 24].map((major) => node(`Node ${major}`, join(modules, `node-${major}`, "bin", "node")));
  const [, , node24] = nodes;
  const deno = join(modules, "@deno", "linux-x64-glibc", "deno");
  const bun = join(modules, "@oven", "bun-linux-x64-baseline", "bin", "bun");

  const typescript = (name: string, folder: string): User => ({
    name,
    async use(cwd, program) {
      const tsc = join(modules, folder, "bin", "tsc");
      // With the declarations checked too, as the strictest users do.
      const config = { compilerOptions: strictest, include: [program] };
      await writeFile(join(cwd, "tsconfig.json"), JSON.stringify(config));
      await run(process.execPath, [tsc], { cwd });
    },
  });

  /** The bundle of a bundler, minified, as a browser would get it; run on Node, which has all that it needs. */
  const bundler = (name: string, bundle: (program: string, out: string) => readonly string[]): User => ({
    name,
    async use(cwd, program) {
      const out = `bundle-${name.toLowerCase()}.mjs`;
      await run(process.execPath, bundle(program, out), { cwd, env: { MODULES: modules, NODE_ENV: "production" } });
      await node24!.use(cwd, out);
    },
  });

  return [
    ...nodes,
    { name: "Deno", use: (folder, program) => runsOn(deno, ["run", "--allow-all", "--quiet", program], folder) },
    { name: "Bun", use: (folder, program) => runsOn(bun, ["run", program], folder) },
    typescript("TypeScript 5.4", "typescript-oldest"),
    typescript("TypeScript 7", "typescript"),
    bundler("Vite", (program, out) => ["bundle-vite.js", program, out]),
    bundler("esbuild", (program, out) => ["bundle-esbuild.js", program, out]),
    bundler("webpack", (program, out) => ["bundle-webpack.js", program, out]),
  ];
}
