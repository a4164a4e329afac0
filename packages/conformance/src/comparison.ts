import type { FloatFormat } from "./float-format.ts";
import type { Judgement } from "./tolerance.ts";

/** What the oracle says of an output. Lists of one number for each element, or one number for all. */
export interface Expected {
  readonly values: ArrayLike<number>;
  /** What `scaled` errors are measured in; max(1, |value|) if absent. */
  readonly scale?: ArrayLike<number> | number | undefined;
  /** The magnitude of the largest term that went into each value; |value| if absent. */
  readonly terms?: ArrayLike<number> | number | undefined;
}

/** The worst error that a comparison met, measured both ways. */
export interface Worst {
  readonly quantity: string;
  /** In units in the last place of the value, or of its terms where the judgement says so. */
  readonly ulp: number;
  /** In units of the scale. */
  readonly scaled: number;
  /** As a part of what is allowed; above 1 it is a failure. */
  readonly ofAllowed: number;
}

/** The outcome of one comparison. `fault` is absent if it passed. */
export interface Comparison {
  readonly worst: Worst;
  readonly fault?: string | undefined;
}

/**
 * Compares an output with the oracle's. NaN must be NaN, an infinity the same infinity, and a finite value too large
 * for the format must be infinite; the sign of zero is not compared.
 */
export function compare(
  actual: ArrayLike<number>,
  expected: Expected,
  judgement: Judgement,
  format: FloatFormat,
  name: string,
): Comparison {
  const { values } = expected;
  let worst: Worst = { quantity: judgement.quantity, ulp: 0, scaled: 0, ofAllowed: 0 };
  if (actual.length !== values.length) {
    return { worst, fault: `${name}: ${values.length} numbers expected, ${actual.length} read` };
  }
  let fault: string | undefined;
  let wrong = 0;
  let beyond = 0;
  for (let i = 0; i < values.length; i++) {
    const error = errorOf(
      actual[i]!,
      values[i]!,
      element(expected.terms, i, 0),
      scaleOf(expected, i),
      judgement,
      format,
    );
    if (error.ofAllowed > worst.ofAllowed || error.ulp > worst.ulp) {
      worst = {
        quantity: judgement.quantity,
        ulp: Math.max(worst.ulp, error.ulp),
        scaled: Math.max(worst.scaled, error.scaled),
        ofAllowed: Math.max(worst.ofAllowed, error.ofAllowed),
      };
    }
    if (judgement.mostly && error.ulp > judgement.mostly.ulp) beyond++;
    if (error.ofAllowed > 1) {
      wrong++;
      fault ??= describe(name, i, actual[i]!, values[i]!, error, judgement);
    }
  }
  if (fault !== undefined && wrong > 1) fault += `; ${wrong} of ${values.length} are wrong`;
  const { mostly } = judgement;
  // A share says nothing about a handful of values, and of more it says what chance allows: three standard deviations.
  if (fault === undefined && mostly && values.length >= 50) {
    const expected = (1 - mostly.share) * values.length;
    const most = Math.floor(expected + 3 * Math.sqrt(expected * mostly.share));
    if (beyond > most) {
      fault = `${name}: ${beyond} of ${values.length} are off by more than ${mostly.ulp} ulp; at a share of ${1 - mostly.share} chance allows ${most}`;
    }
  }
  return { worst, fault };
}

interface ElementError {
  readonly ulp: number;
  readonly scaled: number;
  readonly ofAllowed: number;
}

const right: ElementError = { ulp: 0, scaled: 0, ofAllowed: 0 };
const infinitelyWrong: ElementError = {
  ulp: Number.POSITIVE_INFINITY,
  scaled: Number.POSITIVE_INFINITY,
  ofAllowed: Number.POSITIVE_INFINITY,
};

function errorOf(
  actual: number,
  expected: number,
  terms: number,
  scale: number,
  judgement: Judgement,
  format: FloatFormat,
): ElementError {
  const rounded = format.round(expected);
  if (Object.is(actual, expected) || actual === expected) return right;
  if (!Number.isFinite(actual) || !Number.isFinite(rounded)) return actual === rounded ? right : infinitelyWrong;
  if (Math.abs(expected) < judgement.flushBelow && Math.abs(actual) <= judgement.flushBelow) return right;
  const distance = Math.abs(actual - expected);
  const ulp = judgement.at === "terms" ? format.ulp(Math.max(Math.abs(expected), terms)) : format.ulp(expected);
  const allowed = judgement.ulp * ulp + judgement.scaled * scale;
  return {
    ulp: distance / ulp,
    scaled: distance / scale,
    // Nothing is held to more than the nearest number of the format.
    ofAllowed: actual === rounded ? Math.min(1, distance / allowed) : distance / allowed,
  };
}

/** What the error of value `i` is measured in. */
export function scaleOf(expected: Expected, i: number): number {
  return element(expected.scale, i, Math.max(1, Math.abs(expected.values[i]!)));
}

function element(list: ArrayLike<number> | number | undefined, i: number, otherwise: number): number {
  if (list === undefined) return otherwise;
  return typeof list === "number" ? list : list[i]!;
}

function describe(
  name: string,
  i: number,
  actual: number,
  expected: number,
  error: ElementError,
  judgement: Judgement,
): string {
  const allowed = [
    ...(judgement.ulp > 0 ? [`${judgement.ulp} ulp of the ${judgement.at}`] : []),
    ...(judgement.scaled > 0 ? [`${judgement.scaled} of scale`] : []),
  ].join(" + ");
  return (
    `${name}[${i}]: expected ${expected}, got ${actual}: off by ${error.ulp.toPrecision(3)} ulp of the ${judgement.at}, ` +
    `${error.scaled.toPrecision(3)} of scale; allowed for ${judgement.quantity} in class ${judgement.precision}: ${allowed || "nothing"}`
  );
}
