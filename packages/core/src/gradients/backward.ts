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
 * once its pullback ran; the outputs of the seeds stay.
 */
export function backward(recording: Recording, seeds: readonly Seed[], sources: readonly Tensor[]): Tensor[] {
  recording.recording = false;
  recording.live = recording.persistent;
  const { entries, region } = recording;
  const members = recording.persistent ? region.snapshot() : undefined;
  const outputs = new Set(seeds.map(({ output }) => output));
  const cotangents = new Map<Tensor, Scaled>();
  for (const { output, cotangent } of seeds) {
    accumulate(cotangents, output, { tensor: member(cotangent, region), factor: 1 });
  }
  for (let i = entries.length - 1; i >= 0; i--) {
    pullBack(recording, entries[i]!, cotangents, sources);
    if (!recording.persistent) release(recording, cotangents, outputs);
  }
  const taken = new Set<Tensor>();
  const gradients = sources.map((source) => {
    const gradient = cotangents.get(source);
    return gradient === undefined ? filled("gradient", region, source.shape, 0) : finished(gradient, recording, taken);
  });
  if (members !== undefined) region.releaseAllBut(new Set([...members, ...gradients]));
  return gradients;
}

/** A tensor of an older scope as a member of the recording, so that what is computed from it alone ends with that. */
function member(tensor: Tensor, region: Region): Tensor {
  return tensor.region.age < region.age ? identity("gradient", tensor, region) : tensor;
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
  const { inputs } = entry;
  const output = member(entry.output, recording.region);
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

/** Takes the last entry off and frees what only it had saved, unless it has become a gradient itself (a loss hands out the one it finished). */
function release(recording: Recording, cotangents: Map<Tensor, Scaled>, kept: ReadonlySet<Tensor>): void {
  const flowing = new Set([...cotangents.values()].map(({ tensor }) => tensor));
  for (const tensor of recording.removeLast()) {
    const own = tensor.region === recording.region && !tensor.disposed;
    if (own && !flowing.has(tensor) && !kept.has(tensor)) tensor.dispose();
  }
}

/** A gradient multiplied out, as a tensor that nobody else holds. */
function finished({ tensor, factor }: Scaled, { region, persistent }: Recording, taken: Set<Tensor>): Tensor {
  if (factor !== 1) return affine(tensor, factor, 0, "gradient");
  if (persistent || tensor.region !== region || taken.has(tensor)) return identity("gradient", tensor, region);
  taken.add(tensor);
  return tensor;
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
