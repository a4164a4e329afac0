import { openDevice } from "@surprisal/core";
import { interleave } from "../interleave.ts";
import { type Spread, spread } from "../statistics.ts";
import { provider, type Variant } from "../subject.ts";
import { recorder } from "./recorder.ts";
import type { SmallOp } from "./small-ops.ts";

/** Microseconds of an op through core, and of the very kernel calls that it makes. */
export interface OpOverhead {
  readonly name: string;
  readonly calls: number;
  readonly core: Spread;
  readonly alone: Spread;
  readonly share: Spread;
}

export async function opOverhead({ name, prepare }: SmallOp, variant: Variant, rounds: number): Promise<OpOverhead> {
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
  const micro = (sample: readonly number[]) => spread(sample.map((ms) => ms * 1000));
  const share = micro(core!.map((time, round) => time - alone![round]!));
  return { name, calls: kernels.length, core: micro(core!), alone: micro(alone!), share };
}
