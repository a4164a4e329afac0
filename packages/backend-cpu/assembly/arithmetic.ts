// One loop for each function of one or two numbers that is not an exponential, over whole vectors. (In loops that differ by a
// parameter, even a constant one, the compiler would see one loop that asks for it in every round.)
import {
  ABS,
  ADD,
  AFFINE,
  CLAMP,
  DIVIDE,
  EQUAL,
  LESS,
  LESS_EQUAL,
  LOG,
  LOG1P,
  MAX,
  MIN,
  MULTIPLY,
  POW,
  POWER,
  RELU,
  SIGN,
  STEP,
} from "./function-codes";
import { logarithm, power } from "./logarithm";
import { multiplyAdd, upperHalf } from "./simd";

const ONE = memory.data<f32>([1]);

/**
 * y = fn(a, b; α, β) up to the address `end` of y. Operands move on by 16 bytes, or by 0 if they are one vector for all; functions of
 * one number take `a`.
 */
export function combine(
  fn: i32,
  y: usize,
  a: usize,
  aStep: usize,
  b: usize,
  bStep: usize,
  end: usize,
  alpha: f64,
  beta: f64,
): void {
  switch (fn) {
    case ADD:
      return add(y, a, aStep, b, bStep, end, <f32>alpha, <f32>beta);
    case MULTIPLY:
      return multiply(y, a, aStep, b, bStep, end);
    case DIVIDE:
      return divide(y, a, aStep, b, bStep, end);
    case POWER:
      return raise(y, a, aStep, b, bStep, end);
    case MIN:
      return minimum(y, a, aStep, b, bStep, end);
    case MAX:
      return maximum(y, a, aStep, b, bStep, end);
    case EQUAL:
      return equal(y, a, aStep, b, bStep, end);
    case LESS:
      return less(y, a, aStep, b, bStep, end);
    case LESS_EQUAL:
      return lessEqual(y, a, aStep, b, bStep, end);
    case AFFINE:
      return affine(y, a, end, <f32>alpha, <f32>beta);
    case POW:
      return raiseTo(y, a, end, alpha);
    case CLAMP:
      return clamp(y, a, end, <f32>alpha, <f32>beta);
    case LOG:
      return logarithms(y, a, end, 0);
    case LOG1P:
      return logarithms(y, a, end, 1);
    case RELU:
      return relu(y, a, end);
    case STEP:
      return step(y, a, end);
    case ABS:
      return absolute(y, a, end);
    case SIGN:
      return sign(y, a, end);
  }
}

function add(y: usize, a: usize, aStep: usize, b: usize, bStep: usize, end: usize, alpha: f32, beta: f32): void {
  const alphas = f32x4.splat(alpha);
  const betas = f32x4.splat(beta);
  for (; y < end; y += 16, a += aStep, b += bStep) {
    v128.store(y, multiplyAdd(alphas, v128.load(a), f32x4.mul(betas, v128.load(b))));
  }
}

function multiply(y: usize, a: usize, aStep: usize, b: usize, bStep: usize, end: usize): void {
  for (; y < end; y += 16, a += aStep, b += bStep) {
    v128.store(y, f32x4.mul(v128.load(a), v128.load(b)));
  }
}

function divide(y: usize, a: usize, aStep: usize, b: usize, bStep: usize, end: usize): void {
  for (; y < end; y += 16, a += aStep, b += bStep) {
    v128.store(y, f32x4.div(v128.load(a), v128.load(b)));
  }
}

function raise(y: usize, a: usize, aStep: usize, b: usize, bStep: usize, end: usize): void {
  for (; y < end; y += 16, a += aStep, b += bStep) {
    const exponents = v128.load(b);
    const low = f64x2.promote_low_f32x4(exponents);
    v128.store(y, power(v128.load(a), low, f64x2.promote_low_f32x4(upperHalf(exponents))));
  }
}

function minimum(y: usize, a: usize, aStep: usize, b: usize, bStep: usize, end: usize): void {
  for (; y < end; y += 16, a += aStep, b += bStep) {
    v128.store(y, f32x4.min(v128.load(a), v128.load(b)));
  }
}

function maximum(y: usize, a: usize, aStep: usize, b: usize, bStep: usize, end: usize): void {
  for (; y < end; y += 16, a += aStep, b += bStep) {
    v128.store(y, f32x4.max(v128.load(a), v128.load(b)));
  }
}

function equal(y: usize, a: usize, aStep: usize, b: usize, bStep: usize, end: usize): void {
  const one = v128.load32_splat(ONE);
  for (; y < end; y += 16, a += aStep, b += bStep) {
    v128.store(y, v128.and(f32x4.eq(v128.load(a), v128.load(b)), one));
  }
}

function less(y: usize, a: usize, aStep: usize, b: usize, bStep: usize, end: usize): void {
  const one = v128.load32_splat(ONE);
  for (; y < end; y += 16, a += aStep, b += bStep) {
    v128.store(y, v128.and(f32x4.lt(v128.load(a), v128.load(b)), one));
  }
}

function lessEqual(y: usize, a: usize, aStep: usize, b: usize, bStep: usize, end: usize): void {
  const one = v128.load32_splat(ONE);
  for (; y < end; y += 16, a += aStep, b += bStep) {
    v128.store(y, v128.and(f32x4.le(v128.load(a), v128.load(b)), one));
  }
}

// NaN stays: pmin and pmax give their first operand if either is one.

function affine(y: usize, x: usize, end: usize, alpha: f32, beta: f32): void {
  const alphas = f32x4.splat(alpha);
  const betas = f32x4.splat(beta);
  for (; y < end; y += 16, x += 16) v128.store(y, multiplyAdd(alphas, v128.load(x), betas));
}

function raiseTo(y: usize, x: usize, end: usize, alpha: f64): void {
  const exponent = f64x2.splat(alpha);
  for (; y < end; y += 16, x += 16) v128.store(y, power(v128.load(x), exponent, exponent));
}

function clamp(y: usize, x: usize, end: usize, alpha: f32, beta: f32): void {
  const least = f32x4.splat(alpha);
  const most = f32x4.splat(beta);
  for (; y < end; y += 16, x += 16) v128.store(y, f32x4.pmin(f32x4.pmax(v128.load(x), least), most));
}

function logarithms(y: usize, x: usize, end: usize, addend: f64): void {
  const addends = f64x2.splat(addend);
  for (; y < end; y += 16, x += 16) v128.store(y, logarithm(v128.load(x), addends));
}

function relu(y: usize, x: usize, end: usize): void {
  for (; y < end; y += 16, x += 16) v128.store(y, f32x4.pmax(v128.load(x), f32x4.splat(0)));
}

function step(y: usize, x: usize, end: usize): void {
  const one = v128.load32_splat(ONE);
  for (; y < end; y += 16, x += 16) v128.store(y, v128.and(f32x4.gt(v128.load(x), f32x4.splat(0)), one));
}

function absolute(y: usize, x: usize, end: usize): void {
  for (; y < end; y += 16, x += 16) v128.store(y, f32x4.abs(v128.load(x)));
}

function sign(y: usize, x: usize, end: usize): void {
  const one = v128.load32_splat(ONE);
  const zero = f32x4.splat(0);
  for (; y < end; y += 16, x += 16) {
    const value = v128.load(x);
    const sign = f32x4.sub(v128.and(f32x4.gt(value, zero), one), v128.and(f32x4.lt(value, zero), one));
    // Of NaN the mask "it is not itself" is left, which is a NaN.
    v128.store(y, v128.or(sign, f32x4.ne(value, value)));
  }
}
