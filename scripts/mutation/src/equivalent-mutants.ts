import type { Mutant } from "./mutants.ts";

/** Why a mutant computes what the right code does, wherever that can be seen. */
interface Argument extends Pick<Mutant, "file" | "at" | "original" | "replacement"> {
  readonly why: string;
}

const of = (file: string, list: readonly Omit<Argument, "file">[]): readonly Argument[] =>
  list.map((one) => ({ file, ...one }));

const behindTheEnd = "one turn more writes behind the end of a typed array, which ignores it";
const emptyBlock = "one turn more sums an empty block and adds its 0";
const onlySaves = "the branch only saves work: without it the same is computed, and nobody asked for it";

const argued: readonly Argument[] = [
  ...of("packages/backend-cpu/src/plain/block-sums.ts", [
    {
      at: "for (let start = 0; start < count; start += blockLength) {",
      original: "start < count",
      replacement: "start <= count",
      why: emptyBlock,
    },
    {
      at: "for (let from = start; from < end; from += RUN) {",
      original: "from < end",
      replacement: "from <= end",
      why: emptyBlock,
    },
    {
      at: "for (let i = 0; i < width; i++) block[i]! += run[i]!;",
      original: "i < width",
      replacement: "i <= width",
      why: behindTheEnd,
    },
    {
      at: "for (let i = 0; i < width; i++) total[i]! += block[i]!;",
      original: "i < width",
      replacement: "i <= width",
      why: behindTheEnd,
    },
  ]),
  ...of("packages/backend-cpu/src/plain/elementwise.ts", [
    {
      at: "for (let i = 0; i < length; i++) y[i] = unaryValue(fn, x[i]!, alpha, beta);",
      original: "i < length",
      replacement: "i <= length",
      why: behindTheEnd,
    },
    { at: "for (let o = 0; o < outer; o++) {", original: "o < outer", replacement: "o <= outer", why: behindTheEnd },
    {
      at: "for (let i = 0; i < length; i++) y[i] = condition[i] !== 0 ? a[i]! : b[i]!;",
      original: "i < length",
      replacement: "i <= length",
      why: behindTheEnd,
    },
  ]),
  ...of("packages/backend-cpu/src/plain/matrix-product.ts", [
    {
      at: "for (let item = 0; item < batch; item++) {",
      original: "item < batch",
      replacement: "item <= batch",
      why: behindTheEnd,
    },
    {
      at: "for (let j = 0; j < n; j += 4) {",
      original: "j < n",
      replacement: "j <= n",
      why: "one turn more has width 0 and writes nothing",
    },
    {
      at: "for (let p = 0; p < k; p++) columns[4 * p + t] = b[from + p * bInner]!;",
      original: "p < k",
      replacement: "p <= k",
      why: behindTheEnd,
    },
    {
      at: "for (let start = 0; start < k; start += ROW_BLOCK) {",
      original: "start < k",
      replacement: "start <= k",
      why: emptyBlock,
    },
  ]),
  ...of("packages/backend-cpu/src/plain/rearrange.ts", [
    {
      at: "else if (background !== y) y.set(background);",
      original: "background !== y",
      replacement: "true",
      why: "y.set(y) copies y onto itself",
    },
  ]),
  ...of("packages/backend-cpu/src/plain/reduce.ts", [
    { at: "for (let i = 0; i < inner; i++) {", original: "i < inner", replacement: "i <= inner", why: behindTheEnd },
    { at: "for (let o = 0; o < outer; o++) {", original: "o < outer", replacement: "o <= outer", why: behindTheEnd },
    {
      at: 'for (let i = 0; i < inner; i++) y[o * inner + i] = fn === "argmax" ? index[i]! : sign * best[i]!;',
      original: "i < inner",
      replacement: "i <= inner",
      why: "the first number of the next row is written again by its own turn, and behind the last row y ends",
    },
  ]),
  ...of("packages/backend-cpu/src/plain/rows.ts", [
    {
      at: "for (let row = 0; row < rows; row++) {",
      original: "row < rows",
      replacement: "row <= rows",
      why: behindTheEnd,
    },
    {
      at: "for (let c = 0; c < cols; c++) y[row * cols + c] = table[from + c]!;",
      original: "c < cols",
      replacement: "c <= cols",
      why: "the first number of the next row is written again by its own turn, and behind the last row y ends",
    },
    {
      at: "for (let c = 0; c < cols; c++) block[c]! += values[from + c]!;",
      original: "c < cols",
      replacement: "c <= cols",
      why: behindTheEnd,
    },
  ]),
  ...of("packages/backend-cpu/src/plain/loss-diagnostics.ts", [
    {
      at: "if (z > own || (z === own && j < y)) rank++;",
      original: "j < y",
      replacement: "j <= y",
      why: "j = y was passed over two lines before",
    },
  ]),
  ...of("packages/backend-cpu/src/plain/softmax-cross-entropy.ts", [
    {
      at: "return (j === label ? (1 - smoothing) * w : 0) + (share > 0 ? share * w : 0);",
      original: "share > 0",
      replacement: "true",
      why: "a share of 0 times a finite weight adds 0",
    },
    {
      at: "return (j === label ? (1 - smoothing) * w : 0) + (share > 0 ? share * w : 0);",
      original: "share > 0",
      replacement: "share >= 0",
      why: "a share of 0 times a finite weight adds 0",
    },
    {
      at: "if (!rowLoss && !gradient && !diagnostics && !temperatureSlope) continue;",
      original: "!rowLoss && !gradient && !diagnostics && !temperatureSlope",
      replacement: "false",
      why: onlySaves,
    },
    {
      at: "if (!gradient && !temperatureSlope) continue;",
      original: "!gradient && !temperatureSlope",
      replacement: "false",
      why: onlySaves,
    },
  ]),
  ...of("packages/backend-cpu/src/plain/special-functions.ts", [
    {
      at: "if (Math.abs(x) < 1) return 0.5 + centre(x);",
      original: "Math.abs(x) < 1",
      replacement: "Math.abs(x) <= 1",
      why: "at ±1 the series and the integral are both right to the last digits",
    },
    {
      at: "return x < 0 ? tail(-x) : 1 - tail(x);",
      original: "x < 0",
      replacement: "x <= 0",
      why: "x is not 0 here: |x| ≥ 1",
    },
    {
      at: "for (let odd = 3; sum + term !== sum; odd += 2) {",
      original: "sum + term",
      replacement: "sum - term",
      why: "both stop once the term is below what changes the sum, at a power of two one term apart, which is below half an ulp",
    },
    { at: "if (x > 40) return 0;", original: "x > 40", replacement: "x >= 40", why: "at 40 the density is 0 already" },
    {
      at: "const residue = z < Math.PI / H ? 1 / (1 - Math.exp((2 * Math.PI * z) / H)) : 0;",
      original: "z < Math.PI / H",
      replacement: "z <= Math.PI / H",
      why: "no x has z = 2π",
    },
  ]),
];

function fits(argument: Argument, mutant: Mutant): boolean {
  return (["file", "at", "original", "replacement"] as const).every((part) => argument[part] === mutant[part]);
}

/** The argument for a mutant; undefined if nobody has made one. */
export function whyEquivalent(mutant: Mutant): string | undefined {
  return argued.find((argument) => fits(argument, mutant))?.why;
}

/** Arguments that fit no mutant: the code has changed since. */
export function unusedArguments(mutants: readonly Mutant[]): readonly string[] {
  return argued
    .filter((argument) => !mutants.some((mutant) => fits(argument, mutant)))
    .map(({ file, at, original, replacement }) => `${file}: ${at}: ${original} → ${replacement}`);
}
