/// <reference lib="esnext.disposable" preserve="true" />
import { DisposedError, ValueError } from "./errors.ts";
import { GradientTape, type GradientTapeOptions } from "./gradients/gradient-tape.ts";
import {
  directionalDerivative,
  gradientsOf,
  hessianTimes,
  inStructure,
  inStructureWithAux,
} from "./gradients/recorded.ts";
import { type Like, overTensors, structured, tensorsLike, tensorsOf, type WithAux } from "./gradients/structure.ts";
import type {
  HessianProduct,
  ValueAndGradients,
  ValueAndTangent,
  ValueGradientsAndAux,
} from "./gradients/transforms.ts";
import { type HostValues, hostTensor } from "./host-values.ts";
import { forgetDropped, reportIfDropped } from "./leak-report.ts";
import { runtimeOf, upload, written } from "./ops/apply.ts";
import { identity } from "./recording.ts";
import type { Shape } from "./shape.ts";
import { Storage } from "./storage.ts";
import { type Parameter, Region, Tensor } from "./tensor.ts";

/**
 * A lexical lifetime. A result belongs to the youngest scope among its inputs; `dispose` frees what belongs to the
 * scope. Nothing is ambient: scopes survive `await`, and concurrent tasks each have their own.
 *
 * ```ts
 * await device.scoped(async (step) => {
 *   const { value, gradients } = step.valueAndGrad(loss, params);
 *   …
 * });
 * ```
 */
export class Scope {
  /** @internal */
  readonly region: Region;

  /** @internal */
  constructor(region: Region) {
    this.region = region;
  }

  /**
   * A tensor from host numbers (copied): nested arrays, a typed array with an optional shape, or a host tensor.
   * @throws ShapeError for ragged arrays or a shape that does not fit, ValueError for what is no number
   */
  tensor(values: HostValues, shape?: Shape): Tensor {
    const host = hostTensor("tensor", values, shape);
    return upload("tensor", this.region, host.data, host.shape);
  }

  /** A tensor that optimizers write in place, from host numbers. */
  parameter(values: HostValues, shape?: Shape): Parameter {
    const host = hostTensor("parameter", values, shape);
    const { runtime } = this.region;
    this.region.assertOpen("parameter");
    const storage = new Storage("parameter", runtime, "float", host.data.length, true);
    return written("parameter", new Tensor(storage, host.shape, this.region, true), host.data) as Parameter;
  }

  /** A scope inside this one, to be disposed before it. */
  scope(): Scope {
    const inner = new Scope(new Region(this.region.runtime, this.region));
    reportIfDropped(inner, inner.region);
    return inner;
  }

  /** Runs `f` with a scope of its own and disposes it on every exit. */
  async scoped<R>(f: (scope: Scope) => R | Promise<R>): Promise<R> {
    const inner = this.scope();
    try {
      return await f(inner);
    } finally {
      inner.#end();
    }
  }

  /**
   * Hands a tensor of this scope, or of one inside it, to the scope around it, and returns it. A tensor that lives longer
   * already stays where it is.
   * @throws DisposedError if the tensor was freed or this is the device's own scope
   */
  keep<T extends Tensor>(tensor: T): T {
    const { parent } = this.region;
    if (parent === undefined)
      throw new DisposedError("keep: the device's own scope has no scope around it; its tensors live until close");
    runtimeOf("keep", [tensor]);
    this.region.runtime.assertSame("keep", tensor.runtime);
    if (tensor.region.within(this.region)) tensor.moveTo(parent);
    else if (!this.region.within(tensor.region)) {
      throw new ValueError("keep: the tensor belongs to another scope, beside this one; call keep on that");
    }
    return tensor;
  }

  /**
   * The same numbers as members of this scope, without a copy: what is computed from them ends with the scope, also where
   * everything else that goes into it lives longer.
   *
   * ```ts
   * await device.scoped(async (step) => matmul(step.borrow(x), w).array()); // x and w are the device's own
   * ```
   */
  borrow<T extends object>(params: T): Like<T> {
    const tensors = tensorsOf("borrow", params);
    if (tensors.length > 0) this.region.runtime.assertSame("borrow", runtimeOf("borrow", tensors));
    return structured<Like<T>>(
      params,
      tensors.map((tensor) => identity("borrow", tensor, this.region)),
    );
  }

  /**
   * Value and gradients of a scalar function, as tensors of this scope; and what it returns as `aux` beside its `value`.
   * See `valueAndGrad`.
   *
   * ```ts
   * const { gradients, aux } = step.valueAndGrad((p) => {
   *   const logits = matmul(x, p);
   *   return { value: softmaxCrossEntropy(logits, { labels }), aux: logits };
   * }, w);
   * ```
   */
  valueAndGrad<T extends object>(f: (params: NoInfer<Like<T>>) => Tensor, params: T): ValueAndGradients<T>;
  valueAndGrad<T extends object, A extends object>(
    f: (params: NoInfer<Like<T>>) => WithAux<A>,
    params: T,
  ): ValueGradientsAndAux<T, A>;
  valueAndGrad<T extends object>(
    f: (params: NoInfer<Like<T>>) => Tensor | WithAux<object>,
    params: T,
  ): ValueAndGradients<T> {
    const tensors = tensorsOf("valueAndGrad", params);
    return inStructureWithAux<Like<T>>(
      params,
      gradientsOf("valueAndGrad", this.region, overTensors("valueAndGrad", f, params), tensors),
    );
  }

  /** The gradients of a scalar function, as tensors of this scope. See `grad`. */
  grad<T extends object>(f: (params: NoInfer<Like<T>>) => Tensor, params: T): Like<T> {
    const { value, gradients } = gradientsOf(
      "grad",
      this.region,
      overTensors("grad", f, params),
      tensorsOf("grad", params),
    );
    value.dispose();
    return structured<Like<T>>(params, gradients);
  }

  /** Vector–Jacobian product, in this scope. See `vjp`. */
  vjp<T extends object>(f: (params: NoInfer<Like<T>>) => Tensor, params: T, cotangent?: Tensor): ValueAndGradients<T> {
    const tensors = tensorsOf("vjp", params);
    return inStructure<Like<T>>(
      params,
      gradientsOf("vjp", this.region, overTensors("vjp", f, params), tensors, cotangent),
    );
  }

  /** Jacobian–vector product, in this scope. See `jvp`. */
  jvp<T extends object>(
    f: (params: NoInfer<Like<T>>) => Tensor,
    params: T,
    tangents: NoInfer<Like<T>>,
  ): ValueAndTangent {
    const directions = tensorsLike("jvp", params, tangents);
    return directionalDerivative(
      "jvp",
      this.region,
      overTensors("jvp", f, params),
      tensorsOf("jvp", params),
      directions,
    );
  }

  /** Hessian–vector product, in this scope. See `hvp`. */
  hvp<T extends object>(
    f: (params: NoInfer<Like<T>>) => Tensor,
    params: T,
    vectors: NoInfer<Like<T>>,
  ): HessianProduct<T> {
    const directions = tensorsLike("hvp", params, vectors);
    const result = hessianTimes(
      "hvp",
      this.region,
      overTensors("hvp", f, params),
      tensorsOf("hvp", params),
      directions,
    );
    const { value, gradients, products } = result;
    return { ...inStructure<Like<T>>(params, { value, gradients }), products: structured<Like<T>>(params, products) };
  }

  /** A recording in TensorFlow's manner, whose results belong to this scope. */
  gradientTape(options?: GradientTapeOptions): GradientTape {
    return new GradientTape(this.region, options);
  }

  /**
   * Frees all that belongs to the scope, and the scopes inside it. What an open recording saved is freed with that.
   * @throws DisposedError on the second call
   */
  dispose(): void {
    this.region.assertOpen("dispose");
    this.#end();
  }

  [Symbol.dispose](): void {
    this.#end();
  }

  #end(): void {
    forgetDropped(this.region);
    this.region.end();
  }

  /** `Scope with 3 tensors` */
  toString(): string {
    return this.region.ended ? "Scope (disposed)" : `Scope with ${this.region.tensors} tensors`;
  }
}
