// What core costs around its kernels at sizes where the kernels cost nothing, and whether long training leaves memory flat.
//   pnpm --filter @surprisal/bench overhead [--rounds N] [--steps N] [--variant relaxed|strict|plain]…
import { parseArgs } from "node:util";
import { load, machine, today } from "./machine.ts";
import { fitOverhead } from "./overhead/fit-step.ts";
import { garbageCollector, trainForLong } from "./overhead/memory.ts";
import { type OpOverhead, opOverhead } from "./overhead/op-overhead.ts";
import { fitSentence, overheadTable } from "./overhead/overhead-table.ts";
import { smallOps } from "./overhead/small-ops.ts";
import { variantsOf } from "./subject.ts";
import { threeDigits } from "./table.ts";
import { command, wholeNumber } from "./usage-error.ts";

await command(async () => {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string", default: "15" },
      steps: { type: "string", default: "100000" },
      variant: { type: "string", multiple: true },
    },
  });
  const rounds = wholeNumber("--rounds", values.rounds, 1);
  const steps = wholeNumber("--steps", values.steps, 1);
  const collect = garbageCollector();
  const { cpu, node } = machine();
  console.log(`${today()}, ${cpu}, Node ${node}, ${rounds} rounds, load ${load().toFixed(1)}. Times in µs.\n`);
  for (const variant of variantsOf(values.variant)) {
    const ops: OpOverhead[] = [];
    for (const op of smallOps) ops.push(await opOverhead(op, variant, rounds));
    console.log(`${overheadTable(variant, ops)}\n\n${fitSentence(await fitOverhead(variant, rounds))}\n`);

    const { microsecondsPerStep, before, after, fault } = await trainForLong(variant, steps, collect);
    console.log(
      `${steps} training steps of ${threeDigits(microsecondsPerStep)} µs: ` +
        `${before.device.handles} → ${after.device.handles} handles, ${before.device.bytes} → ${after.device.bytes} bytes on the device, ` +
        `heap ${kilobytes(before.heap)} → ${kilobytes(after.heap)} kB\n`,
    );
    if (fault !== undefined) {
      console.error(`GROWN: ${variant}: ${fault}`);
      process.exitCode = 1;
    }
  }
});

function kilobytes(bytes: number): string {
  return (bytes / 1000).toFixed(0);
}
