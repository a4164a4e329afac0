import type { Tensor } from "@surprisal/core";
import { readings } from "./readings.ts";
import { weightedMean } from "./weighted-mean.ts";

/** Numbers by name: `{ loss, accuracy }`. */
export type Logs = Record<string, number>;

/** A batch's part of a mean: Σ wᵢ·xᵢ = factor · value, where the value is on the device, and Σ wᵢ. */
export interface BatchTotal {
  readonly value: Tensor;
  readonly factor: number;
  readonly weight: number;
}

/** Running means over batches whose numbers come late. */
export interface Scores {
  /** Asks for a batch's numbers, one for each name. */
  add(batch: readonly BatchTotal[]): void;
  /** Waits for the oldest batch's numbers, if those of more than `left` batches are missing; whether any came. */
  next(left: number): Promise<boolean>;
  /** The means over all that came. */
  logs(): Logs;
}

export function scores(names: readonly string[]): Scores {
  const pending = readings<readonly BatchTotal[]>();
  const means = names.map(weightedMean);
  return {
    add(batch) {
      pending.add(
        batch.map(({ value }) => value.item()),
        batch,
      );
    },
    async next(left) {
      const batch = await pending.next(left);
      if (batch === undefined) return false;
      for (const [i, mean] of means.entries()) {
        const { factor, weight } = batch.of[i]!;
        mean.add(batch.numbers[i]! * factor, weight);
      }
      return true;
    },
    logs: () => Object.fromEntries(names.map((name, i) => [name, means[i]!.value()])),
  };
}
