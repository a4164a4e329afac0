import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [entry, out] = process.argv.slice(2);
const require = createRequire(`${process.env.MODULES}/x.js`);
const { build } = await import(pathToFileURL(require.resolve("vite")).href);
await build({
  configFile: false,
  logLevel: "error",
  build: { outDir: ".", emptyOutDir: false, minify: true, lib: { entry, formats: ["es"], fileName: () => out } },
});
