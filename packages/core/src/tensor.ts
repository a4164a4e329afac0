/**
 * Tensors, the scopes they belong to, and what both must know of a recording. The three are one idea, lifetime:
 * a tensor lives until its region ends, unless an open recording still needs it.
 */
import type { HostArray } from "./backend.ts";
import { DisposedError, ShapeError, StaleTensorError, ValueError } from "./errors.ts";
import { type HostTensor, type HostValues, nameOf } from "./host-values.ts";
import { Members } from "./members.ts";
import { type NestedArray, nest } from "./nested-array.ts";
import type { Runtime } from "./runtime.ts";
import { type Shape, show, sizeOf } from "./shape.ts";
import type { Storage } from "./storage.ts";

/** What a tensor must know of a recording (see recording.ts). */
export interface Tape {
  /** Whether ops on tracked tensors are being written down. */
  readonly recording: boolean;
  /** Whether a pullback may still run, so that what was saved must stay. */
  readonly live: boolean;
  /** Where the recording's own tensors live. */
  readonly region: Region;
}

/** A lexical lifetime: its members end with it. Regions form a tree, and the younger of two is the inner one. */
export class Region {
  readonly runtime: Runtime;
  readonly parent: Region | undefined;
  readonly age: number;
  readonly #members = new Members<Tensor>();
  readonly #children = new Members<Region>();
  /** @internal */
  nextMember: Region | undefined = undefined;
  /** @internal */
  previousMember: Region | undefined = undefined;
  #ended = false;

  constructor(runtime: Runtime, parent: Region | undefined) {
    this.runtime = runtime;
    this.parent = parent;
    this.age = runtime.nextAge();
    if (parent === undefined) return;
    parent.assertOpen("scope");
    parent.#children.add(this);
  }

  get ended(): boolean {
    return this.#ended;
  }

  get tensors(): number {
    return this.#members.size;
  }

  assertOpen(op: string): void {
    this.runtime.assertOpen(op);
    if (this.#ended) throw new DisposedError(`${op}: the scope was disposed; open another`);
  }

  add(tensor: Tensor): void {
    this.assertOpen("scope");
    this.#members.add(tensor);
  }

  remove(tensor: Tensor): void {
    this.#members.remove(tensor);
  }

  /** The members as they are now. */
  snapshot(): ReadonlySet<Tensor> {
    return new Set(this.#members.list());
  }

  /** Releases the members that are not among `kept`. */
  releaseAllBut(kept: ReadonlySet<Tensor>): void {
    for (const tensor of this.#members.list()) if (!kept.has(tensor)) tensor.dispose();
  }

  /** This region and all within it. */
  withInner(): Region[] {
    return [this, ...this.#children.list().flatMap((child) => child.withInner())];
  }

  /** Whether this region lies within another, or is it. */
  within(other: Region): boolean {
    return this === other || (this.parent?.within(other) ?? false);
  }

  /** Ends the region and all within it; what an open recording saved goes to that recording instead. */
  end(): void {
    if (this.#ended) return;
    for (const child of this.#children.list()) child.end();
    this.#ended = true;
    if (this.parent !== undefined) this.parent.#children.remove(this);
    for (let tensor = this.#members.removeLast(); tensor !== undefined; tensor = this.#members.removeLast()) {
      tensor.release();
    }
  }
}

/** The youngest region among tensors: where the result of an op on them belongs. */
export function youngestRegion(tensors: readonly Tensor[]): Region {
  let youngest = tensors[0]!.region;
  for (let i = 1; i < tensors.length; i++) {
    const region = tensors[i]!.region;
    if (region.age > youngest.age) youngest = region;
  }
  return youngest;
}

const none: readonly Tape[] = [];

/** A list and one more item: a list of just that, mostly, for which a spread would take room for seventeen. */
export function joined<T>(list: readonly T[], item: T): readonly T[] {
  return list.length === 0 ? [item] : [...list, item];
}

/**
 * An n-dimensional array of floats on a device, row-major. Immutable, unless it is a {@link Parameter}.
 *
 * Tensors are made by `device.tensor`, by a scope, or by an op. A result belongs to the youngest scope among its
 * inputs and is freed with that scope; `dispose` frees it earlier. Only `data`, `array` and `item` wait.
 */
export class Tensor {
  readonly shape: Shape;
  readonly size: number;
  /** Whether the numbers can be written in place: true for parameters alone. */
  readonly mutable: boolean;
  /** @internal */
  readonly storage: Storage;
  /** @internal */
  region: Region;
  /** The version its reader relies on, where the storage can be written. @internal */
  readonly pinned: number | undefined;
  /** The recordings that differentiate through this tensor. @internal */
  tapes: readonly Tape[] = none;
  /** The one value that every element has, where the host knows it. @internal */
  uniform: number | undefined;
  /** @internal */
  nextMember: Tensor | undefined = undefined;
  /** @internal */
  previousMember: Tensor | undefined = undefined;
  #savers: readonly Tape[] = none;
  #disposed = false;

  /** Freezes `shape`: it is nobody's who might change it. @internal */
  constructor(storage: Storage, shape: Shape, region: Region, mutable = false) {
    this.storage = storage;
    this.shape = Object.freeze(shape);
    this.size = sizeOf(shape);
    this.region = region;
    this.mutable = mutable;
    this.pinned = mutable ? undefined : storage.version;
    region.add(this);
  }

  /** The number of axes. */
  get rank(): number {
    return this.shape.length;
  }

  /** Whether the tensor was freed. */
  get disposed(): boolean {
    return this.#disposed;
  }

  /** The device that holds it. @internal */
  get runtime(): Runtime {
    return this.storage.runtime;
  }

  /** A copy of the numbers, row-major: Float32Array or Float64Array as the device computes. */
  async data(): Promise<Float32Array | Float64Array> {
    return (await this.#read("data")) as Float32Array | Float64Array;
  }

  /** A copy as nested arrays of the tensor's shape (a number for a scalar). */
  async array(): Promise<NestedArray> {
    return nest(await this.#read("array"), this.shape);
  }

  /** The number of a tensor with one element. */
  async item(): Promise<number> {
    if (this.size !== 1) {
      throw new ShapeError(`item: ${show(this.shape)} has ${this.size} elements, not one; reduce it, or read data()`);
    }
    return (await this.#read("item"))[0]!;
  }

  /** A copy of this tensor on another device, or in a scope of one. The one way across devices. */
  async to<T>(target: { tensor(values: HostValues): T }): Promise<T> {
    if (typeof target?.tensor !== "function") {
      throw new ValueError(`to: the target is a device or a scope, not ${nameOf(target)}`);
    }
    const values: HostTensor = { data: await this.#read("to"), shape: this.shape };
    return target.tensor(values);
  }

  /** Frees the tensor before its scope ends. An open recording that saved it keeps the numbers until it is done. */
  dispose(): void {
    if (this.#disposed) throw new DisposedError(`dispose: the tensor ${show(this.shape)} was disposed before`);
    this.region.remove(this);
    this.release();
  }

  /** `Tensor [2, 3]` */
  toString(): string {
    return `${this.mutable ? "Parameter" : "Tensor"} ${show(this.shape)}${this.#disposed ? " (disposed)" : ""}`;
  }

  /** The backend's handle, for an op that reads it now. @internal */
  handle(op: string): unknown {
    this.assertUsable(op);
    return this.storage.handle;
  }

  /** Refuses to be read after it was freed, or written since. @internal */
  assertUsable(op: string): void {
    this.runtime.assertOpen(op);
    if (this.#disposed) {
      throw new DisposedError(
        `${op}: a tensor ${show(this.shape)} was used after it was disposed; keep it with scope.keep(tensor), or use it before its scope ends`,
      );
    }
    if (this.pinned !== undefined && this.pinned !== this.storage.version) {
      throw new StaleTensorError(
        `${op}: a parameter ${show(this.shape)} was written after this computation read it (version ${this.storage.version}, saved ${this.pinned}); take gradients before the optimizer's step`,
      );
    }
  }

  /** Another tensor over the same numbers, as they are now. @internal */
  alias(op: string, region: Region, shape: Shape = this.shape): Tensor {
    this.assertUsable(op);
    region.assertOpen(op);
    return new Tensor(this.storage.share(), shape, region);
  }

  /** Hands the tensor to another region. @internal */
  moveTo(region: Region): void {
    if (region === this.region) return;
    region.assertOpen("scope");
    this.region.remove(this);
    this.region = region;
    region.add(this);
  }

  /** Says that a recording needs the tensor for its pullbacks. @internal */
  saveFor(tape: Tape): void {
    if (!this.#savers.includes(tape)) this.#savers = joined(this.#savers, tape);
  }

  /** Says that it does not any more. @internal */
  forgetFor(tape: Tape): void {
    const isOnly = this.#savers.length === 1 && this.#savers[0] === tape;
    this.#savers = isOnly ? none : this.#savers.filter((saver) => saver !== tape);
  }

  /** Whether a recording needs the tensor. @internal */
  isSavedBy(tape: Tape): boolean {
    return this.#savers.includes(tape);
  }

  /** Frees the numbers, or hands them to the recording that still needs them. @internal */
  release(): void {
    if (this.#disposed) return;
    const keeper = this.#keeper();
    if (keeper !== undefined) {
      this.region = keeper.region;
      keeper.region.add(this);
    } else {
      this.#disposed = true;
      this.storage.release();
    }
  }

  /** Frees the numbers, also where a recording needs them: they are lost. @internal */
  discard(): void {
    if (this.#disposed) return;
    this.region.remove(this);
    this.#disposed = true;
    this.storage.release();
  }

  #keeper(): Tape | undefined {
    return this.#savers.find((tape) => tape.live && !tape.region.ended);
  }

  #read(op: string): Promise<HostArray> {
    const handle = this.handle(op);
    return this.runtime.read(op, handle);
  }
}

/** A tensor that optimizers and `assign` write in place: what models learn. Made by `device.parameter`. */
export interface Parameter extends Tensor {
  readonly mutable: true;
}
