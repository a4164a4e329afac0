import { GradientError, ShapeError } from "../errors.ts";
import { filled } from "../ops/apply.ts";
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
 * Runs a recording backwards: the gradient of Σ ⟨output, cotangent⟩ with respect to each of `sources`, as tensors of
 * `target`. A source that nothing depends on has gradient zero. What an entry had saved is freed once its pullback ran.
 */
export function backward(
  recording: Recording,
  seeds: readonly Seed[],
  sources: readonly Tensor[],
  target: Region,
): Tensor[] {
  recording.recording = false;
  recording.live = recording.persistent;
  const cotangents = new Map<Tensor, Scaled>();
  for (const { output, cotangent } of seeds) accumulate(cotangents, output, { tensor: cotangent, factor: 1 });
  const { entries } = recording;
  for (let i = entries.length - 1; i >= 0; i--) {
    pullBack(recording, entries[i]!, cotangents, sources);
    if (!recording.persistent) release(recording, entries.pop()!, cotangents);
  }
  const handedOut = new Set<Tensor>();
  return sources.map((source) => {
    const gradient = cotangents.get(source);
    if (gradient === undefined) return filled("gradient", target, source.shape, 0);
    return handOut(gradient, recording, target, handedOut);
  });
}

function pullBack(
  recording: Recording,
  entry: Entry,
  cotangents: Map<Tensor, Scaled>,
  sources: readonly Tensor[],
): void {
  const cotangent = cotangents.get(entry.output);
  if (cotangent === undefined) return;
  if (!sources.includes(entry.output)) cotangents.delete(entry.output);
  const { inputs, output } = entry;
  const wanted = inputs.map((input) => input.tapes.includes(recording));
  const gradients = entry.pullback(cotangent.tensor, inputs, output, wanted);
  for (const [i, input] of inputs.entries()) {
    if (!wanted[i]) continue;
    const gradient = gradients[i]?.();
    if (gradient === undefined) continue;
    const { tensor, factor } = "factor" in gradient ? gradient : { tensor: gradient, factor: 1 };
    if (!sameShape(tensor.shape, input.shape)) {
      throw new ShapeError(
        `gradient: a pullback gave ${show(tensor.shape)} for an input of shape ${show(input.shape)}`,
      );
    }
    accumulate(cotangents, input, { tensor, factor: factor * cotangent.factor });
  }
}

/** Adds to what is known so far, into a fresh tensor: one gradient may be handed to two inputs. */
function accumulate(cotangents: Map<Tensor, Scaled>, input: Tensor, gradient: Scaled): void {
  const known = cotangents.get(input);
  if (known === undefined) cotangents.set(input, gradient);
  else cotangents.set(input, sumOf(known, gradient));
}

function sumOf(a: Scaled, b: Scaled): Scaled {
  if (a.factor === b.factor) return { tensor: weightedSum("gradient", a.tensor, 1, b.tensor, 1), factor: a.factor };
  return { tensor: weightedSum("gradient", a.tensor, a.factor, b.tensor, b.factor), factor: 1 };
}

/** Frees what an entry had saved, unless it has become a gradient itself (a loss hands out the one it finished). */
function release(recording: Recording, { output, saved }: Entry, cotangents: Map<Tensor, Scaled>): void {
  const flowing = new Set([...cotangents.values()].map(({ tensor }) => tensor));
  for (const tensor of [output, ...saved]) {
    if (tensor.region === recording.region && !tensor.disposed && !flowing.has(tensor)) tensor.dispose();
  }
}

/** A finished gradient as a tensor of its own in `target`. */
function handOut({ tensor, factor }: Scaled, recording: Recording, target: Region, handedOut: Set<Tensor>): Tensor {
  const product = factor === 1 ? tensor : affine(tensor, factor, 0, "gradient");
  const mine =
    product.region === recording.region && !product.disposed && !handedOut.has(product) && !recording.persistent;
  handedOut.add(product);
  if (!mine) return identity(product, target);
  product.moveTo(target);
  return product;
}

/** A scalar result with the cotangent 1, for gradients that need no seed. */
export function scalarSeed(op: string, output: Tensor, region: Region): Seed {
  if (output.size !== 1) {
    throw new GradientError(
      `${op}: a gradient needs a scalar, and the function returned ${show(output.shape)}; reduce it with sum or mean, or use vjp`,
    );
  }
  return { output, cotangent: filled(op, region, output.shape, 1) };
}

/** A result of any shape with the cotangent a caller gave. */
export function checkedSeed(op: string, output: Tensor, cotangent: Tensor): Seed {
  if (!sameShape(output.shape, cotangent.shape)) {
    throw new ShapeError(
      `${op}: the cotangent ${show(cotangent.shape)} must have the shape of the result ${show(output.shape)}`,
    );
  }
  return { output, cotangent };
}
