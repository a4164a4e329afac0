// What core costs around its kernels at sizes where the kernels cost nothing, and whether long training leaves memory flat.
//   pnpm --filter @surprisal/bench overhead [--rounds N] [--steps N] [--variant relaxed|strict|plain]…
import { parseArgs } from "node:util";
import { openDevice } from "@surprisal/core";
import { interleave } from "./interleave.ts";
import { load, machine, today } from "./machine.ts";
import { fitSteps } from "./overhead/fit-step.ts";
import { trainForLong } from "./overhead/memory.ts";
import { recorder } from "./overhead/recorder.ts";
import { type SmallOp, smallOps } from "./overhead/small-ops.ts";
import { table, threeDigits } from "./speed-report.ts";
import { spread } from "./statistics.ts";
import { provider, type Variant, variantsOf } from "./subject.ts";
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
  const { cpu, node } = machine();
  console.log(`${today()}, ${cpu}, Node ${node}, ${rounds} rounds, load ${load().toFixed(1)}. Times in µs.\n`);
  for (const variant of variantsOf(values.variant)) {
    const rows: string[][] = [];
    for (const op of smallOps) rows.push(await overheadOf(op, variant, rounds));
    console.log(`${table([variant, "kernel calls", "through core", "kernels alone", "core's share"], rows)}\n`);

    const step = await fitSteps(variant, rounds);
    const [fit, byHand] = [spread(step.fit), spread(step.byHand)];
    const share = spread(step.fit.map((time, round) => (100 * (time - step.byHand[round]!)) / time));
    const least = (100 * (fit.least - byHand.least)) / fit.least;
    console.log(
      `a step of fit, 784-128-10, batch 128, Adam: ${threeDigits(fit.median)} µs, at best ${threeDigits(fit.least)}; ` +
        `its rows and ${step.calls} kernel calls by hand ${threeDigits(byHand.median)} µs, at best ${threeDigits(byHand.least)}: ` +
        `fit's share is ${share.median.toFixed(1)} % [${share.lower.toFixed(1)}–${share.upper.toFixed(1)}], ` +
        `of the best ${least.toFixed(1)} %\n`,
    );

    const { microsecondsPerStep, before, after, fault } = await trainForLong(variant, steps);
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

/** The op through core, and the very kernel calls that it makes, in turns. */
async function overheadOf({ name, prepare }: SmallOp, variant: Variant, rounds: number): Promise<string[]> {
  const device = await openDevice([provider(variant)]);
  const { provider: recorded, calls } = recorder(provider(variant));
  const shadow = await openDevice([recorded]);
  const once = prepare(shadow);
  once();
  // The second time is as all that follow: an optimizer's first step may differ.
  calls.length = 0;
  once();
  const kernels = [...calls];
  const [core, alone] = await interleave(
    [
      prepare(device),
      () => {
        for (const call of kernels) call();
      },
    ],
    { rounds, sampleMs: 10 },
  );
  await device.close();
  await shadow.close();
  const micro = (sample: readonly number[]) => threeDigits(spread(sample).median * 1000);
  const { median, lower, upper } = spread(core!.map((time, round) => (time - alone![round]!) * 1000));
  const share = `${threeDigits(median)} [${threeDigits(lower)}–${threeDigits(upper)}]`;
  return [name, String(kernels.length), micro(core!), micro(alone!), share];
}

function kilobytes(bytes: number): string {
  return (bytes / 1000).toFixed(0);
}
