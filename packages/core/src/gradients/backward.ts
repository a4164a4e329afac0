import { GradientError, ShapeError } from "../errors.ts";
import { filled, runtimeOf } from "../ops/apply.ts";
import { affine, weightedSum } from "../ops/arithmetic.ts";
import { type Entry, identity, type Recording, type Scaled } from "../recording.ts";
import { sameShape, show } from "../shape.ts";
import type { Region, Tensor } from "../tensor.ts";

/** Where a backward sweep starts: an output and the cotangent it is given. */
export interface Seed {
  readonly output: Tensor;
  readonly cotangent: Tensor;
}

/**
 * Runs a recording backwards: the gradient of Σ ⟨output, cotangent⟩ with respect to each of `sources`, each a tensor of
 * its own in the recording's scope. A source that nothing depends on has gradient zero. What an entry had saved is freed
 * once its pullback ran, and a cotangent once it was passed on; the outputs of the seeds stay.
 */
export function backward(recording: Recording, seeds: readonly Seed[], sources: readonly Tensor[]): Tensor[] {
  recording.recording = false;
  recording.live = recording.persistent;
  const { entries, region, persistent } = recording;
  const members = persistent ? region.snapshot() : undefined;
  const wanted = new Set(sources);
  const cotangents = new Cotangents(recording);
  for (const { output, cotangent } of seeds) {
    cotangents.add(output, { tensor: member(cotangent, region), factor: 1 });
    cotangents.use(output, 1);
  }
  for (let i = entries.length - 1; i >= 0; i--) {
    pullBack(recording, entries[i]!, cotangents, wanted);
    if (!persistent) recording.removeLast(cotangents);
  }
  const gradients = sources.map((source) => {
    const gradient = cotangents.get(source);
    return gradient === undefined ? filled("gradient", region, source.shape, 0) : cotangents.finished(gradient);
  });
  if (members !== undefined) region.releaseAllBut(new Set([...members, ...gradients]));
  return gradients;
}

/** A tensor of an older scope as a member of the recording, so that what is computed from it alone ends with that. */
function member(tensor: Tensor, region: Region): Tensor {
  return tensor.region.age < region.age ? identity("gradient", tensor, region) : tensor;
}

function pullBack(recording: Recording, entry: Entry, cotangents: Cotangents, sources: ReadonlySet<Tensor>): void {
  const known = cotangents.get(entry.output);
  if (known === undefined) return;
  const cotangent = entry.wantsWhole ? multipliedOut(known) : known;
  const { inputs } = entry;
  const output = member(entry.output, recording.region);
  const wanted = inputs.map((input) => input.tapes.includes(recording));
  const gradients = entry.pullback(cotangent.tensor, inputs, output, wanted);
  for (let i = 0; i < inputs.length; i++) {
    const input = inputs[i]!;
    const gradient = wanted[i] ? gradients[i]?.() : undefined;
    if (gradient === undefined) continue;
    const { tensor, factor } = "factor" in gradient ? gradient : { tensor: gradient, factor: 1 };
    if (!sameShape(tensor.shape, input.shape)) {
      throw new ShapeError(
        `gradient: a pullback gave ${show(tensor.shape)} for an input of shape ${show(input.shape)}`,
      );
    }
    cotangents.add(input, { tensor, factor: factor * cotangent.factor });
  }
  if (!sources.has(entry.output)) cotangents.remove(entry.output);
}

function multipliedOut({ tensor, factor }: Scaled): Scaled {
  if (factor === 1) return { tensor, factor };
  const { uniform, region, shape } = tensor;
  const isKnown = uniform !== undefined && tensor.tapes.length === 0;
  const whole = isKnown ? filled("gradient", region, shape, uniform * factor) : affine(tensor, factor, 0, "gradient");
  return { tensor: whole, factor: 1 };
}

/** The gradient of each tensor as far as it is known, and how many of them each gradient's tensor stands for. */
class Cotangents {
  readonly #recording: Recording;
  readonly #known = new Map<Tensor, Scaled>();
  readonly #uses = new Map<Tensor, number>();

  constructor(recording: Recording) {
    this.#recording = recording;
  }

  get(of: Tensor): Scaled | undefined {
    return this.#known.get(of);
  }

  /** Adds to what is known so far, into a fresh tensor: one gradient may be handed to two inputs. */
  add(of: Tensor, gradient: Scaled): void {
    const known = this.#known.get(of);
    const total = known === undefined ? gradient : sumOf(known, gradient);
    this.use(total.tensor, 1);
    this.remove(of);
    this.#known.set(of, total);
    if (total !== gradient) this.freeUnused(gradient.tensor);
  }

  remove(of: Tensor): void {
    const known = this.#known.get(of);
    if (known === undefined) return;
    this.#known.delete(of);
    this.use(known.tensor, -1);
    this.freeUnused(known.tensor);
  }

  /** Counts what a tensor is held for: a gradient, or a result. */
  use(tensor: Tensor, change: 1 | -1): void {
    this.#uses.set(tensor, this.#usesOf(tensor) + change);
  }

  /** Frees what is held for nothing and needed by no entry: a loss hands out the gradient that it has saved. */
  freeUnused(tensor: Tensor): void {
    const { region, persistent } = this.#recording;
    if (persistent || this.#usesOf(tensor) > 0 || tensor.isSavedBy(this.#recording)) return;
    if (tensor.region === region && !tensor.disposed) tensor.dispose();
  }

  /** A gradient multiplied out, as a tensor that nobody else holds. */
  finished({ tensor, factor }: Scaled): Tensor {
    const { region, persistent } = this.#recording;
    if (factor !== 1) return affine(tensor, factor, 0, "gradient");
    if (!persistent && tensor.region === region && this.#usesOf(tensor) === 1) return tensor;
    this.use(tensor, -1);
    return identity("gradient", tensor, region);
  }

  #usesOf(tensor: Tensor): number {
    return this.#uses.get(tensor) ?? 0;
  }
}

function sumOf(a: Scaled, b: Scaled): Scaled {
  if (a.factor === b.factor) return { tensor: weightedSum("gradient", a.tensor, 1, b.tensor, 1), factor: a.factor };
  return { tensor: weightedSum("gradient", a.tensor, a.factor, b.tensor, b.factor), factor: 1 };
}

/** Hands a tensor from the scope of a recording to another; a parameter itself as a copy, since that will change. */
export function handOut(tensor: Tensor, { region }: Recording, target: Region): Tensor {
  const own = tensor.storage.mutable
    ? affine(tensor, 1, 0, "gradient")
    : tensor.region === region
      ? tensor
      : identity("gradient", tensor, target);
  own.moveTo(target);
  return own;
}

/** A scalar result with the cotangent 1, for gradients that need no seed. */
export function scalarSeed(op: string, output: Tensor, region: Region): Seed {
  runtimeOf(op, [output]);
  if (output.size !== 1) {
    throw new GradientError(
      `${op}: a gradient needs a scalar, and the function returned ${show(output.shape)}; reduce it with sum or mean, or use vjp`,
    );
  }
  return { output, cotangent: filled(op, region, output.shape, 1) };
}

/** A result of any shape with the cotangent a caller gave. */
export function checkedSeed(op: string, output: Tensor, cotangent: Tensor): Seed {
  runtimeOf(op, [output, cotangent]);
  if (!sameShape(output.shape, cotangent.shape)) {
    throw new ShapeError(
      `${op}: the cotangent ${show(cotangent.shape)} must have the shape of the result ${show(output.shape)}`,
    );
  }
  return { output, cotangent };
}
