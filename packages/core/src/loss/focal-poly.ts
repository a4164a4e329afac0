/**
 * The focal and poly terms as a function of one number a row, ν = −log p_y, with r = 1 − p = −expm1(−ν), p = e^−ν:
 *
 *   φ = r^γ·(ν + ε₁·r)     φ′ = F = r^γ·B,  B = (1 + ε₁·p) + γ·p·(ν/r + ε₁)     F′ = γ·r^(γ−1)·p·B + r^γ·B′
 *
 * No confident row loses its relative precision, and neither ν = 0 (p is 1 to the last bit) nor ν = ∞ gives NaN.
 */
import { composed } from "../ops/apply.ts";
import { add, affine, div, exp, expm1, mul, neg, pow } from "../ops/arithmetic.ts";
import { greater } from "../ops/compare.ts";
import { minimum } from "../ops/extremes.ts";
import { select } from "../ops/select.ts";
import type { Tensor } from "../tensor.ts";

const op = "softmaxCrossEntropy";

/** φ(ν), for γ = `focal` ≥ 0 and ε₁ = `poly`. */
export function focalPoly(nu: Tensor, focal: number, poly: number): Tensor {
  const value = (x: Tensor): Tensor => {
    const r = complement(x);
    const sum = poly === 0 ? x : add(x, affine(r, poly, 0));
    return focal === 0 ? sum : mul(pow(r, focal), sum);
  };
  return composed(op, [nu], value, (g, [x]) => [() => mul(g, factor(x!, focal, poly))]);
}

/** F(ν). */
function factor(nu: Tensor, focal: number, poly: number): Tensor {
  const value = (x: Tensor): Tensor => {
    const c = finite(x);
    const r = complement(c);
    const straight = affine(r, -poly, 1 + poly);
    if (focal === 0) return straight;
    return mul(pow(r, focal), add(straight, bend(exp(neg(c)), ratio(c, r), focal, poly)));
  };
  return composed(op, [nu], value, (g, [x]) => [() => mul(g, factorSlope(x!, focal, poly))]);
}

/** F′(ν), 0 where γ > 0 and r is 0: there it is multiplied by squares of r. */
function factorSlope(nu: Tensor, focal: number, poly: number): Tensor {
  const c = finite(nu);
  const p = exp(neg(c));
  if (focal === 0) return affine(p, -poly, 0);
  const isPositive = greater(complement(c), 0);
  const r = select(isPositive, complement(c), 1);
  const rho = div(c, r);
  const bent = bend(p, rho, focal, poly);
  const factorB = add(affine(r, -poly, 1 + poly), bent);
  // B′ = −ε₁·p − γ·p·(ρ + ε₁) + γ·p·ρ′, with ρ = ν/r and ρ′ = (1 − ρ·p)/r.
  const rhoSlope = div(affine(mul(rho, p), -1, 1), r);
  const slopeB = add(add(affine(p, -poly, 0), neg(bent)), affine(mul(p, rhoSlope), focal, 0));
  const rising = affine(mul(mul(pow(r, focal - 1), p), factorB), focal, 0);
  return select(isPositive, add(rising, mul(pow(r, focal), slopeB)), 0);
}

/** γ·p·(ρ + ε₁). */
function bend(p: Tensor, rho: Tensor, focal: number, poly: number): Tensor {
  return mul(p, affine(rho, focal, focal * poly));
}

/** r = 1 − e^−ν. */
function complement(nu: Tensor): Tensor {
  return neg(expm1(neg(nu)));
}

/** ν/r, 1 where r is 0. */
function ratio(nu: Tensor, r: Tensor): Tensor {
  return select(r, div(nu, r), 1);
}

/** ν with ∞ replaced by a number whose p is 0 all the same, so that p·ν is 0. */
function finite(nu: Tensor): Tensor {
  return minimum(nu, 1024);
}
