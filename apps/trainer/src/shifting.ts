import type { Device } from "@surprisal/core";
import { type Callback, randomStream } from "@surprisal/nn";
import type { DigitData } from "./data/digit-data.ts";
import type { Rows } from "./data/rows.ts";
import { shiftImages } from "./data/shift-images.ts";

/** Which stream of the seed shifts images: another than those of the data and of `fit`. */
const SHIFTS = 17;
/** Some milliseconds' work: timers and signals come through in between. */
const SHIFTED_AT_ONCE = 2000;

/** Before each epoch, moves every image anew. `fit` reads the rows as the batches come. */
export function shifting(device: Device, data: DigitData, { x }: Rows, seed: number): Callback {
  return {
    async onEpochBegin(epoch) {
      const random = randomStream(seed, SHIFTS, epoch);
      for (let begin = 0; begin < data.train.count; begin += SHIFTED_AT_ONCE) {
        const end = Math.min(begin + SHIFTED_AT_ONCE, data.train.count);
        shiftImages(data.train.images, data, [begin, end], random, x.data);
        await device.tick();
      }
    },
  };
}
