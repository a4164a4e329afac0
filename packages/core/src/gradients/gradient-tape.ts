/// <reference lib="esnext.disposable" preserve="true" />
import { GradientError } from "../errors.ts";
import { runtimeOf } from "../ops/apply.ts";
import { checkKeys } from "../options.ts";
import { Recording } from "../recording.ts";
import type { Region, Tensor } from "../tensor.ts";
import { backward, checkedSeed, handOut, scalarSeed } from "./backward.ts";
import { type Like, structured, tensorsOf } from "./structure.ts";

export interface GradientTapeOptions {
  /** Whether `gradient` may be called more than once (default false). Then the tape frees nothing before `dispose`. */
  readonly persistent?: boolean;
}

/**
 * A recording in TensorFlow's manner. Nothing is ambient here: what `watch` returns is differentiated through, not what
 * it was given.
 *
 * ```ts
 * const tape = step.gradientTape();
 * const x = tape.watch(x0);
 * const gradient = tape.gradient(mul(x, x), x);
 * ```
 */
export class GradientTape {
  readonly #recording: Recording;
  readonly #target: Region;
  #used = false;

  /** @internal */
  constructor(target: Region, options: GradientTapeOptions = {}) {
    checkKeys("gradientTape", options, ["persistent"]);
    this.#target = target;
    this.#recording = new Recording(target, options.persistent ?? false);
  }

  /** The parameters as members of this tape: compute with these. */
  watch<T extends object>(params: T): Like<T> {
    this.#assertRecording("watch");
    return structured(
      params,
      tensorsOf("watch", params).map((source) => this.#recording.watch("watch", source)),
    );
  }

  /**
   * The gradient of `output` (a scalar, or any shape with a cotangent) with respect to what `watch` returned. Ends the
   * tape, unless it is persistent; `output` stays, in the scope that the tape was made in.
   * @throws GradientError on the second call to a tape that is not persistent
   */
  gradient<T extends object>(output: Tensor, sources: T, cotangent?: Tensor): Like<T> {
    this.#assertRecording("gradient");
    const recording = this.#recording;
    const watched = tensorsOf("gradient", sources);
    for (const source of watched) {
      if (!source.tapes.includes(recording)) {
        throw new GradientError(
          `gradient: a source was not watched by this tape; differentiate by what tape.watch(x) returned`,
        );
      }
    }
    recording.region.runtime.assertSame("gradient", runtimeOf("gradient", [output]));
    if (!output.tapes.includes(recording)) {
      throw new GradientError(
        "gradient: the output does not depend on anything this tape watched; compute it with what tape.watch(x) returned",
      );
    }
    const seed =
      cotangent === undefined
        ? scalarSeed("gradient", output, recording.region)
        : checkedSeed("gradient", output, cotangent);
    this.#used = !recording.persistent;
    try {
      const gradients = backward(recording, [seed], watched);
      return structured(
        sources,
        gradients.map((gradient) => handOut(gradient, recording, this.#target)),
      );
    } finally {
      if (recording.persistent) {
        recording.recording = true;
        if (cotangent === undefined) seed.cotangent.dispose();
      } else {
        if (output.region === recording.region) output.moveTo(this.#target);
        recording.end();
      }
    }
  }

  /** Frees the tape and all that belongs to it. */
  dispose(): void {
    this.#recording.end();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #assertRecording(op: string): void {
    if (this.#used)
      throw new GradientError(`${op}: this tape has given its gradient; make it { persistent: true } to use it again`);
    if (!this.#recording.live) throw new GradientError(`${op}: this tape was disposed`);
  }
}
