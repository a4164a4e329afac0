import { createRequire } from "node:module";

const [entry, outfile] = process.argv.slice(2);
const { build } = createRequire(`${process.env.MODULES}/x.js`)("esbuild");
await build({ entryPoints: [entry], outfile, bundle: true, minify: true, format: "esm", platform: "browser" });
