import type { BinaryFunction, UnaryFunction } from "../backend.ts";
import { OptionError, ShapeError } from "../errors.ts";
import { runtimeOf } from "../ops/apply.ts";
import type { Runtime } from "../runtime.ts";
import { sameShape, show } from "../shape.ts";
import type { Parameter, Tensor } from "../tensor.ts";
import { checkedWritable } from "./assign.ts";

/**
 * Elementwise kernels over buffers as long as one parameter, with temporaries: what derived updates are written in.
 * Temporaries are made before anything is written, so that want of memory leaves a parameter as it was.
 */
export class Workspace {
  readonly #op: string;
  readonly #runtime: Runtime;
  readonly #length: number;
  readonly #temporaries: unknown[] = [];

  constructor(op: string, { runtime, size }: Tensor) {
    this.#op = op;
    this.#runtime = runtime;
    this.#length = size;
  }

  temporary(): unknown {
    const handle = this.#runtime.alloc(this.#op, "float", this.#length);
    this.#temporaries.push(handle);
    return handle;
  }

  /** y = fn(x; α, β) */
  unary(y: unknown, x: unknown, fn: UnaryFunction, alpha: number, beta = 0): void {
    this.#runtime.kernels.unary({ y }, { x }, { fn, alpha, beta, length: this.#length });
  }

  /** y = α·a + β·b */
  weightedSum(y: unknown, a: unknown, alpha: number, b: unknown, beta: number): void {
    this.#binary(y, a, b, "add", alpha, beta);
  }

  /** y = a / b */
  div(y: unknown, a: unknown, b: unknown): void {
    this.#binary(y, a, b, "div", 1, 1);
  }

  free(): void {
    for (const handle of this.#temporaries) this.#runtime.free(handle, "float", this.#length);
  }

  #binary(y: unknown, a: unknown, b: unknown, fn: BinaryFunction, alpha: number, beta: number): void {
    const strides = [0, 0, 1] as const;
    const params = { fn, alpha, beta, outer: 1, axis: 1, inner: this.#length, aStrides: strides, bStrides: strides };
    this.#runtime.kernels.binary({ y }, { a, b }, params);
  }
}

/** The handle of an optimizer's memory, to be written, that fits its parameter. */
export function checkedSlot(op: string, parameter: Parameter, slot: Parameter): unknown {
  runtimeOf(op, [parameter, slot]);
  if (!sameShape(parameter.shape, slot.shape)) {
    throw new ShapeError(
      `${op}: what the optimizer remembers ${show(slot.shape)} does not have the parameter's shape ${show(parameter.shape)}; make it with parameterLike`,
    );
  }
  return checkedWritable(op, slot);
}

/** The handle of a gradient that fits its parameter. */
export function checkedGradient(op: string, parameter: Parameter, gradient: Tensor): unknown {
  runtimeOf(op, [parameter, gradient]);
  if (!sameShape(parameter.shape, gradient.shape)) {
    throw new ShapeError(
      `${op}: gradient ${show(gradient.shape)} does not have the parameter's shape ${show(parameter.shape)}`,
    );
  }
  return gradient.storage.handle;
}

/**
 * Runs a step that writes in place. Whatever happens, temporaries are freed, and what may have been written has a new
 * version: a gradient that needs the old numbers will say so.
 */
export function stepInPlace(op: string, written: readonly Parameter[], step: (work: Workspace) => void): void {
  const work = new Workspace(op, written[0]!);
  try {
    step(work);
  } finally {
    work.free();
    for (const parameter of written) parameter.storage.version++;
  }
}

/** Refuses hyperparameters that are no finite numbers, and ones that are missing. */
export function checkStep(op: string, step: object, names: readonly string[]): void {
  for (const name of names) {
    const value = (step as Record<string, unknown>)[name];
    if (typeof value === "boolean" || Number.isFinite(value)) continue;
    throw new OptionError(`${op}: ${name} is a finite number, not ${String(value)}`);
  }
}
