/**
 * Elementary functions that a device has not, or not well enough: WGSL allows an exp that is off by 3 + 2·|x| ulp, and
 * gpu.js' log1p and expm1 are log(1 + x) and exp(x) − 1. Each gives the statements that declare `name`; `x` is a variable.
 */

/** e^r for |r| ≤ ½·ln 2, the polynomial of Cephes' expf (Moshier 1992). */
const expNearZero = (r: string): string =>
  `1 + ${r} * (1 + ${r} * (0.5 + ${r} * (0.16666665459 + ${r} * (0.041665795894 + ${r} * (0.0083334519073
    + ${r} * (0.0013981999507 + ${r} * 0.00019875691500))))))`;

/** ln 2 in two parts, so that n·ln 2 is exact enough: the first has few bits. */
const [LN2_HIGH, LN2_LOW] = ["0.693359375", "0.00021219444"];

/** e^x for x ≤ 0, to about 1 ulp; 0 below −104. NaN stays. */
export function expNegative(name: string, x: string): string {
  const [v, n, r] = [`${name}V`, `${name}N`, `${name}R`];
  return `
  let ${v} = ${x};
  if (${v} < -104) ${v} = -104;
  const ${n} = Math.floor(${v} * 1.44269504 + 0.5);
  const ${r} = ${v} - ${n} * ${LN2_HIGH} + ${n} * ${LN2_LOW};
  const ${name} = (${expNearZero(r)}) * powerOfTwo(${n});`;
}

/** e^x. The power of two comes in halves, one of which may be beyond the largest number. */
export function exp(name: string, x: string): string {
  const [v, n, r, half] = [`${name}V`, `${name}N`, `${name}R`, `${name}H`];
  return `
  let ${v} = ${x};
  if (${v} < -104) ${v} = -104;
  if (${v} > 89) ${v} = 89;
  const ${n} = Math.floor(${v} * 1.44269504 + 0.5);
  const ${r} = ${v} - ${n} * ${LN2_HIGH} + ${n} * ${LN2_LOW};
  const ${half} = Math.floor(${n} / 2);
  const ${name} = (${expNearZero(r)}) * powerOfTwo(${half}) * powerOfTwo(${n} - ${half});`;
}

/** e^x − 1: a series where e^x is near 1. */
export const expm1 = (name: string, x: string): string => `
  ${exp(`${name}E`, x)}
  let ${name} = ${name}E - 1;
  if (Math.abs(${x}) < 0.5) {
    ${name} = ${x} * (1 + ${x} * (0.5 + ${x} * (0.1666666667 + ${x} * (0.0416666667 + ${x} * (0.0083333333
      + ${x} * (0.0013888889 + ${x} * (0.0001984127 + ${x} * 0.0000248016)))))));
  }`;

/** log(1 + x), without forming 1 + x where x is small: 2·artanh(x / (2 + x)). */
export const log1p = (name: string, x: string): string => `
  let ${name} = Math.log(1 + ${x});
  if (Math.abs(${x}) < 0.5) {
    const ${name}T = ${x} / (2 + ${x});
    const ${name}S = ${name}T * ${name}T;
    ${name} = 2 * ${name}T * (1 + ${name}S * (0.3333333333 + ${name}S * (0.2 + ${name}S * (0.1428571429
      + ${name}S * (0.1111111111 + ${name}S * (0.0909090909 + ${name}S * 0.0769230769))))));
  }`;

/** tanh x: a series where it is near x, and no e^x that could overflow. */
export const tanh = (name: string, x: string): string => `
  ${expNegative(`${name}E`, `-2 * Math.abs(${x})`)}
  let ${name} = (1 - ${name}E) / (1 + ${name}E);
  if (Math.abs(${x}) < 0.25) {
    const ${name}S = ${x} * ${x};
    ${name} = Math.abs(${x}) * (1 + ${name}S * (-0.3333333333 + ${name}S * (0.1333333333 + ${name}S * (-0.0539682540
      + ${name}S * 0.0218694885))));
  }
  if (${x} < 0) ${name} = -${name};`;

/** Φ(x): by the series of erf, all of whose terms are positive, where |x| is small, by the continued fraction of erfc elsewhere. */
export const normalCdf = (name: string, x: string): string => `
  const ${name}Z = Math.abs(${x});
  ${expNegative(`${name}G`, `-0.5 * ${name}Z * ${name}Z`)}
  const ${name}D = 0.3989422804 * ${name}G;
  let ${name} = 0;
  if (${name}Z < 2.5) {
    let ${name}T = ${name}Z;
    let ${name}S = ${name}Z;
    for (let n = 1; n < 40; n++) {
      ${name}T = ${name}T * ${name}Z * ${name}Z / (2 * n + 1);
      ${name}S = ${name}S + ${name}T;
    }
    ${name} = 0.5 - ${name}D * ${name}S;
  } else {
    let ${name}F = ${name}Z;
    for (let n = 0; n < 40; n++) { ${name}F = ${name}Z + (40 - n) / ${name}F; }
    ${name} = ${name}D / ${name}F;
  }
  if (${x} > 0) ${name} = 1 - ${name};`;

/** x^e. Shading languages leave it undefined for x < 0; the parity of e gives the sign there. */
export const pow = (name: string, x: string, e: string): string => `
  let ${name} = Math.pow(Math.abs(${x}), ${e});
  if (${x} === 0) { ${name} = 0; if (${e} < 0) ${name} = infinity; }
  if (${e} === 0) ${name} = 1;
  if (${x} < 0) {
    const ${name}H = ${e} / 2;
    if (${e} !== Math.floor(${e})) { ${name} = nan; } else if (${name}H !== Math.floor(${name}H)) { ${name} = -${name}; }
  }`;
