// All packages together: trains as the README shows, and runs the conformance kit's quick tier on the CPU backends, with
// the kernels that this engine can run. Where WEBGPU_MODULE names the package webgpu, it trains on the GPU too. The last
// line counts what passed.
import { cpu } from "@surprisal/backend-cpu";
import { plain } from "@surprisal/backend-cpu/plain";
import { gpujs } from "@surprisal/backend-gpujs/node";
import { workers } from "@surprisal/backend-workers";
import { checkBackend } from "@surprisal/conformance";
import { add, matmul, openDevice, softmaxCrossEntropy, zeros } from "@surprisal/core";
import { sgd } from "@surprisal/nn";

/** The README's training loop; the losses it logs. */
async function train(backend) {
  const losses = [];
  const device = await openDevice([backend]);
  const x = device.tensor([
      [1, 0],
      [0, 1],
      [1, 1],
    ]),
    labels = [2, 0, 1];
  const params = { w: device.parameter(zeros(2, 3)), b: device.parameter(zeros(3)) };
  const loss = ({ w, b }) => softmaxCrossEntropy(add(matmul(x, w), b), { labels });
  const optimizer = sgd(params, { learningRate: 0.5 });
  for (let i = 0; i < 100; i++)
    await device.scoped(async (step) => {
      const { value, gradients } = step.valueAndGrad(loss, params);
      optimizer.update(gradients);
      if (i % 20 === 0) losses.push(await value.item());
    });
  await device.close();
  return losses;
}

let passed = 0;
let failed = 0;
let skipped = 0;

// Equal logits lose ln 3; the rest is what the same loop gives in float64.
const expected = [1.0986122886681096, 0.4482988372429588, 0.2699964240280013, 0.1902477124161806, 0.145872240692691];
const { WEBGPU_MODULE } = process.env;
const gpus = WEBGPU_MODULE ? [gpujs({ webgpu: await import(WEBGPU_MODULE) })] : [];
for (const backend of [cpu(), workers(), plain(), ...gpus]) {
  const losses = await train(backend);
  if (
    losses.length === expected.length &&
    losses.every((loss, i) => Math.abs(loss - (expected[i] ?? Number.NaN)) < 1e-6)
  ) {
    passed++;
  } else {
    failed++;
    console.error(
      `the README's training loop on ${backend.name}: ${losses.join(", ")} instead of ${expected.join(", ")}`,
    );
  }
}

const subjects = [
  { name: "cpu", create: () => cpu() },
  { name: "workers", create: () => workers({ threads: 3 }) },
  { name: "plain", create: () => plain({ precision: "f32" }) },
  { name: "plain", create: () => plain({ precision: "f64" }) },
];
for (const subject of subjects) {
  const report = await checkBackend(subject, { tier: "quick" });
  const variant = report.facts?.variant ?? "not opened";
  console.log(
    `${subject.name} (${variant}): ${report.passed} passed, ${report.failed} failed, ${report.skipped} skipped`,
  );
  for (const { id, status, message } of report.verdicts) {
    if (status === "failed") console.error(`${subject.name}: ${id}: ${message}`);
  }
  passed += report.passed;
  failed += report.failed;
  skipped += report.skipped;
}
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
if (failed > 0 || passed === 0) process.exitCode = 1;
