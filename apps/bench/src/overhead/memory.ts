import { type MemoryInfo, openDevice } from "@surprisal/core";
import { provider, type Variant } from "../subject.ts";
import { UsageError } from "../usage-error.ts";
import { tinyTraining } from "./small-ops.ts";

/** What is held at one moment of a long training. */
interface Held {
  readonly device: MemoryInfo;
  /** Bytes of JavaScript objects that are in use, garbage collected. */
  readonly heap: number;
}

export interface MemoryReport {
  readonly steps: number;
  readonly microsecondsPerStep: number;
  readonly before: Held;
  readonly after: Held;
  /** What has grown, if anything has. */
  readonly fault: string | undefined;
}

/** Before it is looked at, everything that is made once has been made: compiled code, caches, the allocator's lists. */
const WARM_UP_STEPS = 20_000;
/** Noise of the engine's own tables; an object of 16 bytes leaked in each of 100 000 steps is three times as much. */
const HEAP_SLACK = 512 * 1024;

/**
 * The garbage collector, without which nothing is known of the heap.
 * @throws UsageError if this Node was started without it
 */
export function garbageCollector(): () => void {
  const { gc } = globalThis;
  if (gc === undefined) {
    throw new UsageError(
      "the heap is only known after a garbage collection: pnpm --filter @surprisal/bench overhead, or node --expose-gc",
    );
  }
  return () => void gc();
}

/** Trains a tiny model for so many steps and looks whether memory stays what it was. */
export async function trainForLong(variant: Variant, steps: number, collect: () => void): Promise<MemoryReport> {
  const device = await openDevice([provider(variant)]);
  const step = tinyTraining(device);
  const train = async (count: number) => {
    for (let i = 0; i < count; i++) {
      step();
      if (i % 16 === 0) await device.tick();
    }
  };
  const held = async (): Promise<Held> => {
    await settled(collect);
    return { device: device.memory(), heap: process.memoryUsage().heapUsed };
  };
  await train(WARM_UP_STEPS);
  const before = await held();
  const start = performance.now();
  await train(steps);
  const microsecondsPerStep = ((performance.now() - start) * 1000) / steps;
  const after = await held();
  await device.close();
  const grown = [
    ...(after.device.handles > before.device.handles
      ? [`${before.device.handles} handles became ${after.device.handles}`]
      : []),
    ...(after.device.bytes > before.device.bytes
      ? [`${before.device.bytes} bytes on the device became ${after.device.bytes}`]
      : []),
    ...(after.heap > before.heap + HEAP_SLACK ? [`a heap of ${before.heap} bytes became ${after.heap}`] : []),
  ];
  return { steps, microsecondsPerStep, before, after, fault: grown.length > 0 ? grown.join(", ") : undefined };
}

/** Collects garbage until the finalizers of what was collected have run, and what they held is collected too. */
async function settled(collect: () => void): Promise<void> {
  for (let i = 0; i < 4; i++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
