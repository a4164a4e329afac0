// Writes the generated modules of src/kernels from assembly/. A test fails when they are not up to date.
import { writeFileSync } from "node:fs";
import { compileKernels, functionNames, generatedModule } from "./compile-kernels.mjs";

const folder = new URL("../src/kernels/", import.meta.url);
for (const variant of ["strict", "relaxed"]) {
  const bytes = await compileKernels(variant);
  const { functions, source } = await generatedModule(bytes);
  writeFileSync(new URL(`${variant}.generated.ts`, folder), source);
  writeFileSync(new URL("functions.generated.ts", folder), functionNames(functions));
  console.log(`${variant}: ${functions.length} functions, ${bytes.length} bytes`);
}
