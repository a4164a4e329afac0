import type { RequiredKernels } from "@surprisal/core";
import type { Cell } from "../cell.ts";
import { type Launch, type Queue, temporary } from "../queue.ts";
import { kernel, log1p, split, sum } from "./source.ts";

type SoftmaxCrossEntropy = RequiredKernels<Cell>["softmaxCrossEntropy"];
type Targets = { readonly labels: boolean; readonly weights: boolean; readonly smooth: boolean };

/** One class holds the whole target: S is the label's weight, and no sum over classes is needed. */
const isOneHot = (targets: Targets): boolean => targets.labels && !targets.smooth;

const lowest = "-3.4028234e38";

/** k, the first index of the maximum; −1 for an ignored row and for one whose logits are all −∞. */
const argmaxSource = (classes: number, labels: boolean): string =>
  kernel(
    labels ? ["z", "labels"] : ["z"],
    `${labels ? "if (labels[i] < 0) return -1;" : ""}
    let best = z[i * ${classes}]; let where = 0;
    for (let j = 1; j < ${classes}; j++) { const v = z[i * ${classes} + j]; if (v > best) { best = v; where = j; } }
    if (best < ${lowest}) where = -1;
    return where;`,
  );

/** s' = Σ_{j≠k} e^{z_j − m}: the maximum's own term, 1, is left out, so that a confident row keeps its digits. */
const complementSource = (classes: number): string =>
  kernel(
    ["z", "k"],
    `const at = k[i];
    if (at < 0) return 0;
    const m = z[i * ${classes} + at];
    ${sum("rest", classes, (j) => `(${j} === at ? 0 : Math.exp(z[i * ${classes} + ${j}] - m))`)}
    return rest;`,
  );

const stateSource = (classes: number): string =>
  kernel(
    ["z", "k", "s", "infinity"],
    `${split("i", 3, "row", "part")}
    const at = k[row];
    if (part === 1) return at;
    if (part === 2) return s[row];
    if (at < 0) return -infinity;
    return z[row * ${classes} + at];`,
  );

/** The effective target T_j of `row`; `on` = 1 − ε and `off` = ε / C are arguments. */
function target({ labels, weights, smooth }: Targets, classes: number, j: string): string {
  const w = (index: string) => (weights ? `w[${index}]` : "1");
  if (!labels) return `(${w(j)} * (on * q[row * ${classes} + ${j}] + off))`;
  const own = `(${j} === label ? on * ${w(j)} : 0)`;
  return smooth ? `(${own} + off * ${w(j)})` : own;
}

/** (S, Σ_{j≠k} T_j) of each row. */
function sumsSource(targets: Targets, classes: number): string {
  return kernel(
    [targets.labels ? "labels" : "q", "state", ...(targets.weights ? ["w"] : []), "on", "off"],
    `${split("i", 2, "row", "part")}
    ${targets.labels ? "const label = labels[row];" : ""}
    const skipped = (part === 1 ? state[row * 3 + 1] : -1);
    ${sum("total", classes, (j) => `(${j} === skipped ? 0 : ${target(targets, classes, j)})`)}
    return total;`,
  );
}

const arrays = (targets: Targets): string[] => [
  "z",
  targets.labels ? "labels" : "q",
  "state",
  ...(isOneHot(targets) ? [] : ["sums"]),
  ...(targets.weights ? ["w"] : []),
];

/** Declares S and Σ_{j≠k} T_j as `total` and `others`. */
const totals = (targets: Targets): string =>
  isOneHot(targets)
    ? `const total = ${targets.weights ? "on * w[label]" : "on"}; const others = (label === state[row * 3 + 1] ? 0 : total);`
    : "const total = sums[row * 2]; const others = sums[row * 2 + 1];";

function lossSource(targets: Targets, classes: number): string {
  const t = (j: string) => target(targets, classes, j);
  const far = isOneHot(targets)
    ? `const far = total * (m - z[row * ${classes} + label]);`
    : sum("far", classes, (j) => `(${t(j)} === 0 ? 0 : ${t(j)} * (m - z[row * ${classes} + ${j}]))`);
  return kernel(
    [...arrays(targets), "on", "off", "nan"],
    `const row = i;
    ${targets.labels ? "const label = labels[row]; if (label < 0) return 0;" : ""}
    const m = state[row * 3]; const s = state[row * 3 + 2];
    if (state[row * 3 + 1] < 0 || m > 3.4028234e38) return nan;
    ${totals(targets)} ${far} ${log1p("logPart", "s")}
    return far + total * logPart;`,
  );
}

function gradientSource(targets: Targets, classes: number, rowScale: boolean): string {
  return kernel(
    [...arrays(targets), ...(rowScale ? ["u"] : []), "on", "off", "scale", "nan"],
    `${split("i", classes, "row", "j")}
    ${targets.labels ? "const label = labels[row]; if (label < 0) return 0;" : ""}
    const m = state[row * 3]; const k = state[row * 3 + 1]; const s = state[row * 3 + 2];
    if (k < 0 || m > 3.4028234e38) return nan;
    ${totals(targets)}
    let g = 0;
    if (j === k) { g = others - total * (s / (1 + s)); }
    else { g = total * (Math.exp(z[i] - m) / (1 + s)) - ${target(targets, classes, "j")}; }
    return g * scale ${rowScale ? "* u[row]" : ""};`,
  );
}

export const softmaxCrossEntropy = (queue: Queue): { softmaxCrossEntropy: SoftmaxCrossEntropy } => ({
  softmaxCrossEntropy(outputs, inputs, { rows, classes, smoothing, scale }) {
    const { logits, labels, probabilities, classWeights, rowScale } = inputs;
    const answer = labels ?? probabilities;
    const targets = {
      labels: labels !== undefined,
      weights: classWeights !== undefined,
      smooth: smoothing > 0,
    };
    const weights = classWeights ? [classWeights] : [];
    const share = [1 - smoothing, smoothing / classes];
    const temporaries: Cell[] = [];
    const launches: Launch[] = [];
    const make = (length: number): Cell => {
      const cell = temporary(length);
      temporaries.push(cell);
      return cell;
    };

    const state = inputs.state ?? outputs.state ?? make(3 * rows);
    if (!inputs.state || outputs.state) {
      const [k, s] = [make(rows), make(rows)];
      launches.push(
        { output: k, source: argmaxSource(classes, targets.labels), inputs: labels ? [logits, labels] : [logits] },
        { output: s, source: complementSource(classes), inputs: [logits, k] },
        { output: state, source: stateSource(classes), inputs: [logits, k, s], numbers: [Number.POSITIVE_INFINITY] },
      );
    }
    if (answer && (outputs.rowLoss || outputs.gradient)) {
      const read = [logits, answer, state];
      if (!isOneHot(targets)) {
        const sums = make(2 * rows);
        const source = sumsSource(targets, classes);
        launches.push({ output: sums, source, inputs: [answer, state, ...weights], numbers: share });
        read.push(sums);
      }
      read.push(...weights);
      // The gradient comes last: it may take the place of the logits.
      if (outputs.rowLoss) {
        const numbers = [...share, Number.NaN];
        launches.push({ output: outputs.rowLoss, source: lossSource(targets, classes), inputs: read, numbers });
      }
      if (outputs.gradient) {
        launches.push({
          output: outputs.gradient,
          source: gradientSource(targets, classes, rowScale !== undefined),
          inputs: rowScale ? [...read, rowScale] : read,
          numbers: [...share, scale, Number.NaN],
        });
      }
    }
    const present = <T>(value: T | undefined): value is T => value !== undefined;
    queue.call({
      outputs: [outputs.rowLoss, outputs.gradient, outputs.state].filter(present),
      inputs: [logits, answer, classWeights, rowScale, inputs.state].filter(present),
      launches,
      temporaries,
    });
  },
});
