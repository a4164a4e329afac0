import { joined, Region, type Tape, type Tensor } from "./tensor.ts";

/** A gradient with a host number in front of it: `factor · tensor`, multiplied out only where it must be. */
export interface Scaled {
  readonly tensor: Tensor;
  readonly factor: number;
}

/** `factor · tensor`, for pullbacks that only scale. */
export function scaled(tensor: Tensor, factor: number): Scaled {
  return { tensor, factor };
}

/** Computes the gradient with respect to one input; called only where that gradient is wanted. */
export type InputGradient = () => Tensor | Scaled;

/**
 * The derivative of an op, applied: from the cotangent `g` of the output, the gradient of each input (`undefined`
 * where the op is not differentiable). Linear in `g`, and written with ops, so that a second recording can
 * differentiate it. `inputs` are the op's own, constants as members of the recording.
 */
export type Pullback = (
  g: Tensor,
  inputs: readonly Tensor[],
  output: Tensor,
  wanted: readonly boolean[],
) => readonly (InputGradient | undefined)[];

/** One op, written down. */
export interface Entry {
  readonly inputs: readonly Tensor[];
  readonly output: Tensor;
  /** What else the pullback reads: freed once the last pullback that reads it has run. */
  readonly saved: readonly Tensor[];
  readonly pullback: Pullback;
  /**
   * Whether the pullback is given g multiplied out: a user's, who may not mean a linear one, and one whose gradients are
   * much larger than g.
   */
  readonly wantsWhole: boolean;
}

/** The ops on tracked tensors, in order, with what their pullbacks need; tensors made while it is open live in it. */
export class Recording implements Tape {
  readonly region: Region;
  readonly persistent: boolean;
  readonly entries: Entry[] = [];
  /** What the entries have saved, one entry's after another's: more than once what several have. */
  readonly #saved: Tensor[] = [];
  recording = true;
  live = true;

  constructor(parent: Region, persistent = false) {
    this.persistent = persistent;
    this.region = new Region(parent.runtime, parent);
  }

  /** The same numbers as a member of this recording, differentiated through from here on. */
  watch(op: string, source: Tensor): Tensor {
    this.region.runtime.assertSame(op, source.runtime);
    const watched = identity(op, source, this.region);
    watched.tapes = joined(watched.tapes, this);
    return watched;
  }

  /** Writes an entry down. */
  add(entry: Entry): void {
    for (const tensor of entry.inputs) tensor.saveFor(this);
    entry.output.saveFor(this);
    for (const tensor of entry.saved) {
      tensor.saveFor(this);
      this.#saved.push(tensor);
    }
    this.entries.push(entry);
  }

  /** Takes the last entry off. No entry needs its output any more, nor what it was the last to save. */
  removeLast(gradients: { freeUnused(tensor: Tensor): void }): void {
    const { output, saved } = this.entries.pop()!;
    this.#forget(output, gradients);
    for (let i = 0; i < saved.length; i++) this.#saved.pop();
    for (const tensor of saved) if (!this.#saved.includes(tensor)) this.#forget(tensor, gradients);
  }

  #forget(tensor: Tensor, gradients: { freeUnused(tensor: Tensor): void }): void {
    tensor.forgetFor(this);
    gradients.freeUnused(tensor);
  }

  /** Ends the recording and frees what only it still held. */
  end(): void {
    this.recording = false;
    this.live = false;
    this.region.end();
  }
}

/** The recordings that are open and differentiate through any of `inputs`. */
export function recordingsOf(inputs: readonly Tensor[]): readonly Recording[] {
  let found = none;
  for (const { tapes } of inputs) {
    for (const tape of tapes as readonly Recording[]) {
      if (tape.recording && !found.includes(tape)) found = joined(found, tape);
    }
  }
  return found;
}
const none: readonly Recording[] = [];

/** Whether an open recording differentiates through a tensor. */
export function isRecorded(tensor: Tensor): boolean {
  return tensor.tapes.some((tape) => tape.recording);
}

/**
 * Writes an op down in every recording that differentiates through one of its inputs. Returns the output.
 *
 * Constants of older scopes become members of the recording: parameters are pinned at the version the op read, and what
 * the pullback computes from constants alone ends with the recording.
 */
export function record(
  inputs: readonly Tensor[],
  output: Tensor,
  pullback: Pullback,
  saved: readonly Tensor[] = [],
  wantsWhole = false,
): Tensor {
  const recordings = recordingsOf(inputs);
  if (recordings.length === 0) return output;
  const { region } = recordings.reduce((a, b) => (b.region.age > a.region.age ? b : a));
  const own = inputs.map((input) =>
    (input.mutable || input.region.age < region.age) && !isRecorded(input) ? input.alias("record", region) : input,
  );
  const entry: Entry = { inputs: own, output, saved, pullback, wantsWhole };
  for (const recording of recordings) recording.add(entry);
  output.tapes = recordings;
  // An input that was kept outside would draw the output after it; what is recorded ends with its recording.
  if (output.region.age < region.age) output.moveTo(region);
  return output;
}

/** The same tensor as a member of another region, recorded as the identity. */
export function identity(op: string, source: Tensor, region: Region): Tensor {
  return record([source], source.alias(op, region), (g) => [() => g]);
}
