/**
 * z′, the logits as the loss takes them under its further terms: divided by the temperature, then capped. In float64, two
 * logits at a time.
 */
import { exponential } from "../logarithm";

@unmanaged
export class Scaling {
  /** t = 1/τ */
  inverseTemperature: f64;
  /** c; 0 for no cap. */
  softcap: f64;
  /** The row's largest logit, and its z′. */
  top: f64;
  topScaled: f64;
  /** ∂z′/∂τ of it, once it has been asked for. */
  topDrift: f64;

  /** For a row whose largest logit is `top`. */
  // @ts-ignore: decorator
  @inline
  start(inverseTemperature: f64, softcap: f64, top: f64): void {
    this.inverseTemperature = inverseTemperature;
    this.softcap = softcap;
    this.top = top;
    this.topScaled = f64x2.extract_lane(this.value(f64x2.splat(top)), 0);
  }

  /** z′ = c·tanh(t·z/c), or t·z. Infinities stay. */
  // @ts-ignore: decorator
  @inline
  value(z: v128): v128 {
    const scaled = f64x2.mul(z, f64x2.splat(this.inverseTemperature));
    if (this.softcap == 0) return scaled;
    const cap = f64x2.splat(this.softcap);
    const capped = f64x2.mul(cap, tanh(f64x2.div(scaled, cap)));
    return v128.bitselect(z, capped, f64x2.eq(f64x2.abs(z), f64x2.splat(Infinity)));
  }

  /** m − z′. The difference first: scaled by themselves, logits with a large common offset would lose it. */
  // @ts-ignore: decorator
  @inline
  below(z: v128): v128 {
    if (this.softcap == 0) {
      return f64x2.mul(f64x2.sub(f64x2.splat(this.top), z), f64x2.splat(this.inverseTemperature));
    }
    return f64x2.sub(f64x2.splat(this.topScaled), this.value(z));
  }

  /** ∂z′/∂z = t·(1 − tanh²(t·z/c)), or t. */
  // @ts-ignore: decorator
  @inline
  slope(z: v128): v128 {
    const t = f64x2.splat(this.inverseTemperature);
    if (this.softcap == 0) return t;
    const e = exponential(f64x2.mul(f64x2.abs(f64x2.mul(z, t)), f64x2.splat(-2 / this.softcap)));
    const sum = f64x2.add(e, f64x2.splat(1));
    return f64x2.div(f64x2.mul(f64x2.mul(t, f64x2.splat(4)), e), f64x2.mul(sum, sum));
  }

  /** ∂z′/∂τ = −t·z·∂z′/∂z; 0 at −∞. */
  ownDrift(z: v128): v128 {
    const own = f64x2.mul(f64x2.mul(f64x2.splat(-this.inverseTemperature), z), this.slope(z));
    return v128.andnot(own, f64x2.eq(z, f64x2.splat(-Infinity)));
  }

  /** Notes ∂z′/∂τ of the largest logit. */
  noteTopDrift(): void {
    this.topDrift = f64x2.extract_lane(this.ownDrift(f64x2.splat(this.top)), 0);
  }

  /** ∂z′/∂τ less that of the largest logit: t·(m − z′) without a cap, where a class at −∞ has no part. */
  drift(z: v128): v128 {
    if (this.softcap != 0) return f64x2.sub(this.ownDrift(z), f64x2.splat(this.topDrift));
    const t = this.inverseTemperature;
    const below = f64x2.mul(f64x2.sub(f64x2.splat(this.top), z), f64x2.splat(t * t));
    return v128.andnot(below, f64x2.eq(z, f64x2.splat(-Infinity)));
  }
}

/** tanh(x) = (1 − e)/(1 + e) for e = e^(−2|x|), with the sign of x; its series where 1 − e would cancel. */
// @ts-ignore: decorator
@inline
function tanh(x: v128): v128 {
  const size = f64x2.abs(x);
  const one = f64x2.splat(1);
  const e = exponential(f64x2.mul(size, f64x2.splat(-2)));
  const far = f64x2.div(f64x2.sub(one, e), f64x2.add(one, e));
  const square = f64x2.mul(x, x);
  let series = f64x2.splat(62 / 2835.0);
  series = f64x2.add(f64x2.mul(series, square), f64x2.splat(-17 / 315.0));
  series = f64x2.add(f64x2.mul(series, square), f64x2.splat(2 / 15.0));
  series = f64x2.add(f64x2.mul(series, square), f64x2.splat(-1 / 3.0));
  series = f64x2.add(f64x2.mul(series, square), one);
  const magnitude = v128.bitselect(f64x2.mul(size, series), far, f64x2.lt(size, f64x2.splat(0.1)));
  return v128.or(magnitude, v128.and(x, i64x2.splat(0x8000000000000000)));
}
