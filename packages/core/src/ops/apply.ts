import type { Kernels } from "../backend.ts";
import { ValueError } from "../errors.ts";
import { nameOf } from "../host-values.ts";
import { type Pullback, record } from "../recording.ts";
import type { Runtime } from "../runtime.ts";
import { type Shape, sizeOf } from "../shape.ts";
import { Storage } from "../storage.ts";
import { Region, Tensor, youngestRegion } from "../tensor.ts";

/** One kernel call as an op: what it reads, the shape it makes, and how its derivative is taken. */
export interface OpCall {
  /** The op's public name, for errors. */
  readonly op: string;
  /** At least one. */
  readonly inputs: readonly Tensor[];
  readonly shape: Shape;
  /** Enqueues the kernel. */
  readonly run: (output: unknown, inputs: readonly unknown[], kernels: Kernels) => void;
  /** Absent where the op is not differentiable. */
  readonly pullback?: Pullback | undefined;
  /** What the pullback reads besides inputs and output. */
  readonly saved?: readonly Tensor[];
}

/**
 * The one way an op runs: checks that its inputs are alive and on one device, allocates the output in the youngest
 * scope among them, enqueues the kernel and writes the op down for whoever records.
 */
export function apply({ op, inputs, shape, run, pullback, saved }: OpCall): Tensor {
  const runtime = runtimeOf(op, inputs);
  const handles = inputs.map(({ storage }) => storage.handle);
  const output = allocate(op, runtime, shape, youngestRegion(inputs));
  try {
    run(output.storage.handle, handles, runtime.kernels);
  } catch (error) {
    output.dispose();
    throw error;
  }
  return pullback === undefined ? output : record(inputs, output, pullback, saved);
}

/** A tensor whose numbers are not written yet. */
export function allocate(op: string, runtime: Runtime, shape: Shape, region: Region): Tensor {
  region.assertOpen(op);
  return new Tensor(new Storage(op, runtime, "float", sizeOf(shape)), shape, region);
}

/** Integers on the device: labels or indices that core has validated. */
export function uploadIntegers(op: string, region: Region, data: ArrayLike<number>): Tensor {
  region.assertOpen(op);
  return written(op, new Tensor(new Storage(op, region.runtime, "i32", data.length), [data.length], region), data);
}

/** Host numbers on the device. */
export function upload(op: string, region: Region, data: ArrayLike<number>, shape: Shape): Tensor {
  return written(op, allocate(op, region.runtime, shape, region), data);
}

/** A fresh tensor with its numbers, or none if they cannot be written. */
export function written(op: string, tensor: Tensor, data: ArrayLike<number>): Tensor {
  try {
    tensor.runtime.write(op, tensor.storage.handle, data);
    return tensor;
  } catch (error) {
    tensor.dispose();
    throw error;
  }
}

/**
 * A tensor with one value everywhere; the host remembers it, and the device has it once it is read there.
 * @internal
 */
export function filled(op: string, region: Region, shape: Shape, value: number): Tensor {
  region.assertOpen(op);
  const tensor = new Tensor(new Storage(op, region.runtime, "float", sizeOf(shape), false, value), shape, region);
  tensor.uniform = value;
  return tensor;
}

/** The device of an op's inputs, after checking that they are tensors, alive, and share one. */
export function runtimeOf(op: string, inputs: readonly Tensor[]): Runtime {
  for (const input of inputs) {
    if (!(input instanceof Tensor)) {
      throw new ValueError(`${op}: expected a tensor, not ${nameOf(input)}; make one with device.tensor(values)`);
    }
  }
  const runtime = inputs[0]!.runtime;
  for (const input of inputs) {
    input.assertUsable(op);
    runtime.assertSame(op, input.runtime);
  }
  return runtime;
}

/**
 * Runs the body of an op that works in several steps. What it passes through `temporary` is freed on every exit, unless a
 * recording saved it.
 */
export function withTemporaries<R>(body: (temporary: (tensor: Tensor) => Tensor) => R): R {
  const made: Tensor[] = [];
  try {
    return body((tensor) => {
      made.push(tensor);
      return tensor;
    });
  } finally {
    for (const tensor of made) if (!tensor.disposed) tensor.dispose();
  }
}

/**
 * A composition of ops as one op with a derivative of its own: `body` runs unrecorded, all that it made but its
 * result is freed at once, and `pullback` is what recordings see.
 */
export function composed(
  op: string,
  inputs: readonly Tensor[],
  body: (...inputs: Tensor[]) => Tensor,
  pullback: Pullback,
): Tensor {
  runtimeOf(op, inputs);
  const target = youngestRegion(inputs);
  const inner = new Region(target.runtime, target);
  try {
    const output = body(...inputs.map((input) => input.alias(op, inner)));
    output.moveTo(target);
    return record(inputs, output, pullback);
  } finally {
    inner.end();
  }
}
