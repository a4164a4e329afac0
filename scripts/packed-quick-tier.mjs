// Runs the conformance kit's quick tier on the plain backend as a user's own project would: copied into a folder where
// the packed tarballs are installed, on whatever Node is there. The last line counts what passed.
import { plain } from "@surprisal/backend-cpu/plain";
import { checkBackend } from "@surprisal/conformance";

let passed = 0;
let failed = 0;
let skipped = 0;
for (const precision of /** @type {const} */ (["f32", "f64"])) {
  const name = `plain ${precision}`;
  const report = await checkBackend({ name, create: () => plain({ precision }) }, { tier: "quick" });
  for (const { id, status, message } of report.verdicts) {
    if (status === "failed") console.error(`${name}: ${id}: ${message}`);
  }
  passed += report.passed;
  failed += report.failed;
  skipped += report.skipped;
}
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
if (failed > 0 || passed === 0) process.exitCode = 1;
