// Writes the generated modules of src. A test fails when they are not up to date.
import { writeFileSync } from "node:fs";
import { bundleWorker, generatedModule } from "./bundle-worker.mjs";

// The second holds the first.
for (const name of ["computing-worker", "worker"]) {
  const code = await bundleWorker(name);
  writeFileSync(new URL(`../src/${name}.generated.ts`, import.meta.url), generatedModule(name, code));
  console.log(`${name}.generated.ts: ${code.length} characters`);
}
