import type { RandomNumbers } from "@surprisal/conformance";

/** A way to make up rows that are hard in one respect. */
export interface RowClass {
  readonly name: string;
  /** How the logits are made, for the table. */
  readonly says: string;
  /** Whether the row is made for this many classes; any from 2 if absent. */
  fits?(classes: number): boolean;
  /** Fills the row and returns its label. */
  fill(row: Float32Array, random: RandomNumbers): number;
}

/** A number between two powers, every order of magnitude as likely as the others. */
function anyMagnitude(random: RandomNumbers, low: number, high: number): number {
  return low * (high / low) ** random.uniform();
}

function anySign(random: RandomNumbers): number {
  return random.uniform() < 0.5 ? -1 : 1;
}

function each(row: Float32Array, logit: (j: number) => number): void {
  for (let j = 0; j < row.length; j++) row[j] = logit(j);
}

const random: RowClass = {
  name: "random",
  says: "N(0, σ), σ from 0.001 to 60",
  fill(row, numbers) {
    const sigma = anyMagnitude(numbers, 1e-3, 60);
    each(row, () => sigma * numbers.normal());
    return numbers.integer(row.length);
  },
};

const offset: RowClass = {
  name: "offset",
  says: "N(0, 3) beside an offset of ±1 to ±10⁷",
  fill(row, numbers) {
    const base = anySign(numbers) * anyMagnitude(numbers, 1, 1e7);
    each(row, () => base + 3 * numbers.normal());
    return numbers.integer(row.length);
  },
};

const confident: RowClass = {
  name: "confident",
  says: "the label leads by 0.01 to 87 + ln C: losses down to the smallest normal number",
  fill(row, numbers) {
    const label = numbers.integer(row.length);
    const span = numbers.uniform();
    const base = [0, 0, -3, 100][numbers.integer(4)]!;
    const most = 87 + Math.log(row.length - 1) - span;
    const near = [anyMagnitude(numbers, 0.01, most), most * numbers.uniform(), most * (1 - 0.1 * numbers.uniform())];
    const margin = near[numbers.integer(3)]!;
    each(row, (j) => base + (j === label ? margin + span : span * numbers.uniform()));
    return label;
  },
};

const mistaken: RowClass = {
  name: "mistaken",
  says: "another class leads by 0.01 to 10⁴",
  fill(row, numbers) {
    const leader = numbers.integer(row.length);
    const margin = anyMagnitude(numbers, 0.01, 1e4);
    each(row, (j) => numbers.uniform() + (j === leader ? margin : 0));
    return (leader + 1 + numbers.integer(row.length - 1)) % row.length;
  },
};

const nearlyUniform: RowClass = {
  name: "nearly uniform",
  says: "equal but for the last few bits",
  fill(row, numbers) {
    const base = anySign(numbers) * anyMagnitude(numbers, 1e-3, 100);
    each(row, () => base * (1 + numbers.integer(9) * 2 ** -23));
    return numbers.integer(row.length);
  },
};

const ties: RowClass = {
  name: "ties",
  says: "multiples of ½ from few values: several maxima",
  fill(row, numbers) {
    const values = 1 + numbers.integer(6);
    each(row, () => numbers.integer(values) / 2);
    return numbers.integer(row.length);
  },
};

const masked: RowClass = {
  name: "masked",
  says: "−∞, −3·10³⁸ or −10⁹ at up to all other classes; rarely at the label",
  fill(row, numbers) {
    const share = numbers.uniform() ** 0.25;
    const mask = [-Infinity, -Infinity, -3e38, -1e9][numbers.integer(4)]!;
    const label = numbers.integer(row.length);
    const alive = numbers.integer(row.length);
    const labelToo = numbers.uniform() < 0.1;
    each(row, (j) => {
      const kept = j === alive || (j === label && !labelToo) || numbers.uniform() > share;
      return kept ? 3 * numbers.normal() : mask;
    });
    return label;
  },
};

const huge: RowClass = {
  name: "huge",
  says: "±3·10³⁸, ±10³⁰, ±10⁸ and ±500 among small ones",
  fill(row, numbers) {
    const sizes = [3e38, 1e30, 1e8, 500, 1];
    const top = numbers.integer(sizes.length);
    each(row, () => {
      const size = sizes[Math.max(top, numbers.integer(sizes.length))]!;
      return numbers.uniform() < 0.3 ? anySign(numbers) * size : numbers.normal();
    });
    return numbers.integer(row.length);
  },
};

const wideRange: RowClass = {
  name: "wide range",
  says: "evenly from −110 to 0: probabilities down to below the smallest normal number",
  fill(row, numbers) {
    each(row, () => -110 * numbers.uniform());
    return numbers.integer(row.length);
  },
};

const ramp: RowClass = {
  name: "ramp",
  says: "rising or falling by 10 to 400 along the row: the maximum comes last or first",
  fill(row, numbers) {
    const rise = anySign(numbers) * anyMagnitude(numbers, 10, 400);
    const { length } = row;
    each(row, (j) => (rise * j) / length + numbers.uniform());
    return numbers.integer(length);
  },
};

const latePeak: RowClass = {
  name: "late peak",
  says: "low, and from a random place on 30 to 300 higher",
  fill(row, numbers) {
    const place = numbers.integer(row.length);
    const step = anyMagnitude(numbers, 30, 300);
    each(row, (j) => numbers.normal() + (j >= place ? step : 0));
    return numbers.uniform() < 0.5 ? place : numbers.integer(row.length);
  },
};

const longTail: RowClass = {
  name: "long tail",
  says: "two leaders; each other one is lost beside them in float32, all together count",
  fill(row, numbers) {
    const depth = 14 + 8 * numbers.uniform();
    const first = numbers.integer(row.length);
    const second = numbers.integer(row.length);
    each(row, (j) => (j === first || j === second ? 0 : -depth - 0.25 * numbers.uniform()));
    return numbers.uniform() < 0.5 ? first : numbers.integer(row.length);
  },
};

const twoClasses: RowClass = {
  name: "two classes",
  says: "differences of ±10⁻⁶ to ±88",
  fits: (classes) => classes === 2,
  fill(row, numbers) {
    row[0] = 3 * numbers.normal();
    row[1] = row[0] + anySign(numbers) * anyMagnitude(numbers, 1e-6, 88);
    return numbers.integer(2);
  },
};

const alone: readonly RowClass[] = [
  random,
  offset,
  confident,
  mistaken,
  nearlyUniform,
  ties,
  masked,
  huge,
  wideRange,
  ramp,
  latePeak,
  longTail,
  twoClasses,
];

/** Kernels that hold several rows in one vector must keep them apart. */
const mixed: RowClass = {
  name: "mixed",
  says: "each row of a class by chance",
  fill(row, numbers) {
    const fitting = alone.filter(({ fits }) => fits?.(row.length) ?? true);
    return fitting[numbers.integer(fitting.length)]!.fill(row, numbers);
  },
};

/** Rows that are ordinary, and rows that other systems get wrong. */
export const rowClasses: readonly RowClass[] = [...alone, mixed];

/** Numbers of classes: around the sizes at which kernels change their ways, and the vocabularies of language models. */
export const classCounts: readonly number[] = [
  2, 3, 4, 5, 7, 8, 10, 16, 31, 33, 64, 100, 127, 129, 200, 257, 1000, 1023, 4095, 4096, 4097, 5000, 50_257, 131_072,
];
