import { createRequire } from "node:module";
import { resolve } from "node:path";

const [entry, filename] = process.argv.slice(2);
const webpack = createRequire(`${process.env.MODULES}/x.js`)("webpack");
const compiler = webpack({
  mode: "production",
  target: ["web", "es2022"],
  entry: resolve(entry),
  output: { path: resolve("."), filename, module: true, chunkFormat: "module" },
  experiments: { outputModule: true },
});
compiler.run((error, stats) => {
  if (error) throw error;
  if (stats.hasErrors()) throw new Error(stats.toString("errors-only"));
});
