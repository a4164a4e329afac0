// Writes src/worker.generated.ts. A test fails when it is not up to date.
import { writeFileSync } from "node:fs";
import { bundleWorker, generatedModule } from "./bundle-worker.mjs";

const code = await bundleWorker();
writeFileSync(new URL("../src/worker.generated.ts", import.meta.url), generatedModule(code));
console.log(`worker.generated.ts: ${code.length} characters`);
