/**
 * How far below the largest logit of a row others lie as the loss takes them, divided by the temperature and capped; and what the
 * temperature makes of that. In float64, two logits at a time, for what few ask for.
 */
import { exponential } from "../logarithm";
import { at, sumOfDoubles } from "../simd";
import { Cap, cappedPair } from "./capped-logits";

/** At the beginning of the local scratch, with a {@link Cap} behind it. */
@unmanaged
export class Depth {
  t: f64;
  softcap: f64;
  top: f64;
  /** z′ of the largest logit, and v = ∂z′/∂τ. */
  scaledTop: f64;
  topDrift: f64;

  open(t: f64, softcap: f64): void {
    this.t = t;
    this.softcap = softcap;
    if (softcap != 0) this.cap().start(t, softcap);
  }

  /** For a row whose largest logit is `top`. */
  start(top: f64): void {
    this.top = top;
    this.scaledTop = this.softcap != 0 ? this.cap().valueOf(<f32>top) : this.t * top;
    this.topDrift = f64x2.extract_lane(this.ownDrift(f64x2.splat(top)), 0);
  }

  cap(): Cap {
    return changetype<Cap>(changetype<usize>(this) + 48);
  }

  /** m − z′. The difference first: scaled by themselves, logits with a large common offset would lose it. */
  of(z: v128): v128 {
    if (this.softcap == 0) return f64x2.mul(f64x2.sub(f64x2.splat(this.top), z), f64x2.splat(this.t));
    return f64x2.sub(f64x2.splat(this.scaledTop), cappedPair(this.cap(), z));
  }

  /** w = ∂z′/∂τ less that of the largest logit: t·(m − z′) without a cap, where a class at −∞ has no part. */
  drift(z: v128): v128 {
    if (this.softcap != 0) return f64x2.sub(this.ownDrift(z), f64x2.splat(this.topDrift));
    return v128.andnot(f64x2.mul(this.of(z), f64x2.splat(this.t)), f64x2.eq(z, f64x2.splat(-Infinity)));
  }

  /** ∂z′/∂τ = −t·z·∂z′/∂z; 0 at −∞. */
  private ownDrift(z: v128): v128 {
    let slope = f64x2.splat(this.t);
    if (this.softcap != 0) {
      cappedPair(this.cap(), z);
      slope = v128.load(changetype<usize>(this.cap()), offsetof<Cap>("slope"));
    }
    const own = f64x2.mul(f64x2.mul(f64x2.splat(-this.t), z), slope);
    return v128.andnot(own, f64x2.eq(z, f64x2.splat(-Infinity)));
  }
}

/** Adds to two doubles Σ e^−depth and Σ e^−depth·x of the classes from ≤ j < to, x being the depth or, with `drifts`, the drift. */
export function addClasses(sums: usize, depth: Depth, z: usize, from: i32, to: i32, drifts: bool): void {
  let rest = f64x2.splat(0);
  let heat = f64x2.splat(0);
  for (let j = from; j < to; j += 2) {
    const isLast = j + 1 == to;
    const logits = isLast ? f64x2.splat(<f64>load<f32>(at(z, j))) : f64x2.promote_low_f32x4(v128.load64_zero(at(z, j)));
    const below = depth.of(logits);
    // Nothing is left of a class at −∞, and a lone class counts once.
    let e = v128.andnot(exponential(f64x2.neg(below)), f64x2.gt(below, f64x2.splat(700)));
    if (isLast) e = f64x2.replace_lane(e, 1, 0);
    rest = f64x2.add(rest, e);
    const x = drifts ? depth.drift(logits) : below;
    heat = f64x2.add(heat, v128.andnot(f64x2.mul(e, x), f64x2.eq(e, f64x2.splat(0))));
  }
  store<f64>(sums, load<f64>(sums) + sumOfDoubles(rest));
  store<f64>(sums, load<f64>(sums, 8) + sumOfDoubles(heat), 8);
}
