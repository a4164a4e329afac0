// Writes the generated modules of src/kernels from assembly/. A test fails when they are not up to date.
import { writeFileSync } from "node:fs";
import { compileKernels, entries, functionNames, generatedModule } from "./compile-kernels.mjs";

const folder = new URL("../src/kernels/", import.meta.url);
for (const variant of ["strict", "relaxed"]) {
  for (const [end, entry] of Object.entries(entries)) {
    const bytes = await compileKernels(variant, entry);
    const { functions, source } = await generatedModule(bytes);
    writeFileSync(new URL(`${variant}${end}.generated.ts`, folder), source);
    // Those for several threads are all that there are.
    if (end === "-threads") writeFileSync(new URL("functions.generated.ts", folder), functionNames(functions));
    console.log(`${variant}${end}: ${functions.length} functions, ${bytes.length} bytes`);
  }
}
