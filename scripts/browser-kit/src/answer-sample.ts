import type { Answer } from "@surprisal/conformance";

/** So many numbers of an answer stand for it, evenly spread. */
const size = 32;

/** By case and output: values, each followed by what its error is measured in. */
export type AnswerSample = Record<string, number[]>;

/** Adds to `sample` what it is told. The answers of two backends have the same keys where they ran the same cases. */
export function sampler(sample: AnswerSample): (answer: Answer) => void {
  const times = new Map<string, number>();
  return ({ id, name, values, scale }) => {
    const time = (times.get(`${id} ${name}`) ?? 0) + 1;
    times.set(`${id} ${name}`, time);
    const count = Math.min(size, values.length);
    const places = Array.from({ length: count }, (_, i) => Math.floor((i * values.length) / count));
    sample[`${id} ${name} ${time}`] = places.flatMap((i) => [values[i]!, scale(i)]);
  };
}

/** Devices may flush what is smaller than this. */
const small = 1.2e-37;

/** How far two numbers lie apart, in units of the scale. */
function distance(a: number, b: number, scale: number): number {
  if (Object.is(a, b) || a === b || Math.max(Math.abs(a), Math.abs(b)) < small) return 0;
  const apart = Math.abs(a - b) / scale;
  return Number.isNaN(apart) ? Number.POSITIVE_INFINITY : apart;
}

/** The largest distance of two samples in each case that both have answered. */
export function spread(a: AnswerSample, b: AnswerSample): ReadonlyMap<string, number> {
  const largest = new Map<string, number>();
  for (const [key, left] of Object.entries(a)) {
    const right = b[key];
    if (right === undefined || right.length !== left.length) continue;
    const id = key.slice(0, key.indexOf(" "));
    for (let i = 0; i < left.length; i += 2) {
      const apart = distance(left[i]!, right[i]!, left[i + 1]!);
      if (apart > (largest.get(id) ?? -1)) largest.set(id, apart);
    }
  }
  return largest;
}
