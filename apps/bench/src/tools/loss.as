// The loss loop in AssemblyScript. Read as a string and compiled by compile.ts; the .as keeps tsc away from it.

// @ts-ignore: decorator
@external("math", "exp")
declare function exp(x: f64): f64;
// @ts-ignore: decorator
@external("math", "log")
declare function log(x: f64): f64;

/** log2 e, −ln 2 in two parts, and the polynomial (e^r − 1)/r. In memory: V8 would build literals anew in every iteration. */
const CONSTANTS: usize = memory.data<f32>([
  1.4426950408889634, -0.693145751953125, -1.428606765330187e-6,
  1.0, 0.5, 0.16666685, 0.04166627, 0.008369386, 0.0013933364,
]);

// @ts-ignore: decorator
@inline
function power(
  x: v128, low: v128, log2e: v128, magic: v128, high: v128, rest: v128,
  one: v128, c1: v128, c2: v128, c3: v128, c4: v128, c5: v128,
): v128 {
  x = f32x4.pmax(x, low);
  const t = f32x4.relaxed_madd(x, log2e, magic);
  const n = f32x4.sub(t, magic);
  const s = i32x4.add(i32x4.shl(t, 23), one);
  const r = f32x4.relaxed_madd(n, rest, f32x4.relaxed_madd(n, high, x));
  let q = f32x4.relaxed_madd(r, c5, c4);
  q = f32x4.relaxed_madd(q, r, c3);
  q = f32x4.relaxed_madd(q, r, c2);
  q = f32x4.relaxed_madd(q, r, c1);
  q = f32x4.relaxed_madd(q, r, one);
  return f32x4.relaxed_madd(f32x4.mul(r, s), q, s);
}

// @ts-ignore: decorator
@inline
function widened(a: v128): v128 {
  return f64x2.add(f64x2.promote_low_f32x4(a), f64x2.promote_low_f32x4(v128.shuffle<i32>(a, a, 2, 3, 0, 1)));
}

function maximum(x: usize, count: i32): f32 {
  let a = f32x4.splat(-Infinity), b = a;
  const end = x + (<usize>count << 2);
  for (; x + 32 <= end; x += 32) {
    a = f32x4.pmax(a, v128.load(x));
    b = f32x4.pmax(b, v128.load(x, 16));
  }
  a = f32x4.pmax(a, b);
  a = f32x4.pmax(a, v128.shuffle<i32>(a, a, 2, 3, 0, 1));
  let most: f32 = max(f32x4.extract_lane(a, 0), f32x4.extract_lane(a, 1));
  for (; x < end; x += 4) most = max(most, load<f32>(x));
  return most;
}

/** g = e^x·2^−k, and the sum: 16 float32 additions a lane at most, then float64. */
function powers(x: usize, g: usize, count: i32, k: f32): f64 {
  const log2e = v128.load32_splat(CONSTANTS), high = v128.load32_splat(CONSTANTS, 4), rest = v128.load32_splat(CONSTANTS, 8),
    one = v128.load32_splat(CONSTANTS, 12), c1 = v128.load32_splat(CONSTANTS, 16), c2 = v128.load32_splat(CONSTANTS, 20),
    c3 = v128.load32_splat(CONSTANTS, 24), c4 = v128.load32_splat(CONSTANTS, 28), c5 = v128.load32_splat(CONSTANTS, 32);
  const magic = f32x4.splat(<f32>12582912.0 - k);
  const low = f32x4.splat((k - <f32>127) * <f32>0.6931471805599453);
  let total = f64x2.splat(0);
  const end = x + (<usize>count << 2);
  while (x + 32 <= end) {
    const stop = min(x + 512, end - 31);
    let a = f32x4.splat(0), b = a;
    for (; x < stop; x += 32, g += 32) {
      const e = power(v128.load(x), low, log2e, magic, high, rest, one, c1, c2, c3, c4, c5);
      v128.store(g, e);
      a = f32x4.add(a, e);
      const f = power(v128.load(x, 16), low, log2e, magic, high, rest, one, c1, c2, c3, c4, c5);
      v128.store(g, f, 16);
      b = f32x4.add(b, f);
    }
    total = f64x2.add(total, f64x2.add(widened(a), widened(b)));
  }
  let sum = f64x2.extract_lane(total, 0) + f64x2.extract_lane(total, 1);
  for (; x < end; x += 4, g += 4) {
    const e = f32x4.extract_lane(power(v128.load32_splat(x), low, log2e, magic, high, rest, one, c1, c2, c3, c4, c5), 0);
    store<f32>(g, e);
    sum += <f64>e;
  }
  return sum;
}

function scale(g: usize, count: i32, factor: f32): void {
  const v = f32x4.splat(factor), end = g + (<usize>count << 2);
  for (; g + 32 <= end; g += 32) {
    v128.store(g, f32x4.mul(v128.load(g), v));
    v128.store(g, f32x4.mul(v128.load(g, 16), v), 16);
  }
  for (; g < end; g += 4) store<f32>(g, load<f32>(g) * factor);
}

/** Row losses and gradients u·(p − one-hot); the label stays out of the sum R, so nothing cancels. */
export function fused(x: usize, labels: usize, g: usize, loss: usize, rows: i32, classes: i32, u: f64): void {
  for (let i = 0; i < rows; i++) {
    const y = load<i32>(labels);
    const k = nearest(maximum(x, classes) * <f32>1.4426950408889634) - <f32>8;
    const after = <usize>(y + 1) << 2;
    const R = powers(x, g, y, k) + powers(x + after, g + after, classes - y - 1, k);
    const d = <f64>k * 0.6931471805599453 - <f64>load<f32>(x + (<usize>y << 2));
    const E = exp(-d);
    let value = d + log(R + E);
    if (R < 0.41 * E) {
      // log1p(R/E)
      const ratio = R / E, sum = 1 + ratio;
      value = sum == 1 ? ratio : (log(sum) * ratio) / (sum - 1);
    }
    store<f32>(loss, <f32>value);
    const f = u / (R + E);
    scale(g, classes, <f32>f);
    store<f32>(g + (<usize>y << 2), <f32>(-f * R));
    x += <usize>classes << 2;
    g += <usize>classes << 2;
    labels += 4;
    loss += 4;
  }
}
