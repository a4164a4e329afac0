// Writes gpu.js and what it imports into dist/vendor as one ES module, with the licences of all of it. Installed as a
// dependency it would bring 84 MB that it never loads, and an optional package that compiles (docs/decisions/0015).
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";

const vendor = fileURLToPath(new URL("../dist/vendor/", import.meta.url));
const require = createRequire(import.meta.url);
const entry = require.resolve("gpu.js");
/** The folder of a package that gpu.js imports, or its own. */
const folderOf = (name) => dirname(require.resolve(`${name}/package.json`, { paths: [dirname(entry)] }));
const nothing = "\0nothing";

/** What only a server would use, and never is: WebGL 1 without a screen, and threads of gpu.js' own WebAssembly. */
const withoutServer = {
  name: "without-server",
  enforce: "pre",
  resolveId: (id) => (["gl", "os", "worker_threads"].includes(id) ? nothing : undefined),
  load: (id) => (id === nothing ? "module.exports = null;" : undefined),
};

const result = await build({
  configFile: false,
  logLevel: "warn",
  plugins: [withoutServer],
  build: {
    write: false,
    target: "es2022",
    minify: false,
    lib: { entry, formats: ["es"], fileName: "gpu" },
  },
});
const [chunk, ...others] = [result].flat().flatMap((one) => ("output" in one ? one.output : []));
if (chunk?.type !== "chunk" || others.length > 0 || chunk.imports.length > 0)
  throw new Error("gpu.js is not one module");

const licences = ["gpu.js", "gpu-mock.js", "acorn"].map((name) => {
  const folder = folderOf(name);
  const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  return `${name} ${version}\n\n${readFileSync(join(folder, "LICENSE"), "utf8").trim()}\n`;
});
// gpu.js holds a copy of it, whose licence stands in its first comment.
const [, wiretap] = readFileSync(join(dirname(entry), "vendor", "gl-wiretap.js"), "utf8").match(
  /ORIGINAL LICENSE\n(.*?)\*\//s,
);
licences.push(`gl-wiretap 0.6.2\n\n${wiretap.replaceAll(/^ \* ?/gm, "").trim()}\n`);

mkdirSync(vendor, { recursive: true });
// The names of files in comments depend on where this runs.
writeFileSync(join(vendor, "gpu.js"), chunk.code.replaceAll(/^\/\/#? .*\.js\n/gm, ""));
writeFileSync(join(vendor, "gpu.d.ts"), "declare const gpuJs: unknown;\nexport default gpuJs;\n");
writeFileSync(
  // Not LICENSE: pnpm then packs no licence of ours.
  join(vendor, "THIRD-PARTY-NOTICES.txt"),
  `The module gpu.js in this folder is made of these packages.\n\n${licences.join("\n---\n\n")}`,
);
