import { compare, float32, randomNumbers, tolerance } from "@surprisal/conformance";
import type { Facts } from "@surprisal/core";
import type { Contender, Errors, Workload } from "../contender.ts";
import { exactRow } from "../loss-oracle.ts";

/** Logits [rows, classes] and a label for each row. */
export interface LossProblem {
  readonly rows: number;
  readonly classes: number;
  readonly logits: Float32Array;
  readonly labels: Int32Array;
}

/** The mean loss and its gradient with respect to the logits. */
export interface LossAnswer {
  readonly loss: number;
  readonly gradient: ArrayLike<number>;
}

/** Softmax cross-entropy, loss and gradient, on random logits. */
export function fusedLoss(
  contenders: readonly Contender<LossProblem, LossAnswer>[],
): Workload<LossProblem, LossAnswer> {
  return {
    name: "fused softmax cross-entropy",
    says: "Mean loss over the rows and its gradient with respect to the logits [rows, classes]; integer labels, logits from N(0, 3), everything resident.",
    shapes: ["128x10", "1024x100", "1024x1000", "256x50257"],
    quick: ["128x10", "1024x100", "1024x1000"],
    onRequest: ["64x128256"],
    problem(shape) {
      const [rows, classes] = shape.split("x").map(Number) as [number, number];
      const random = randomNumbers("fused-loss", shape);
      return {
        rows,
        classes,
        logits: Float32Array.from({ length: rows * classes }, () => 3 * random.normal()),
        labels: Int32Array.from({ length: rows }, () => random.integer(classes)),
      };
    },
    judge,
    work: ({ rows, classes }) => ({ unit: "M logits/s", perSecond: (rows * classes) / 1e6 }),
    contenders,
  };
}

/** What others' libraries may be wrong by, relative to the loss and to the largest possible gradient. */
const NEARLY_RIGHT = 1e-3;

function judge(problem: LossProblem, answer: LossAnswer, precision: Facts["precision"] | undefined): Errors {
  const { rows, classes, logits, labels } = problem;
  const upstream = 1 / rows;
  const expected = new Float64Array(classes);
  let sum = 0;
  let gradientUlp = 0;
  let gradientScaled = 0;
  let fault: string | undefined;
  for (let r = 0; r < rows; r++) {
    const { loss } = exactRow(logits, r * classes, classes, { label: labels[r]! }, upstream, expected);
    sum += loss;
    for (let j = 0; j < classes; j++) {
      const distance = Math.abs(answer.gradient[r * classes + j]! - expected[j]!);
      // A comparison that NaN fails.
      if (!(distance * rows <= gradientScaled)) gradientScaled = distance * rows;
      const ulp = distance / float32.ulp(expected[j]!);
      if (!(ulp <= gradientUlp)) gradientUlp = ulp;
    }
  }
  const loss = sum / rows;
  const lossRelative = Math.abs(answer.loss - loss) / loss;
  if (precision === undefined) {
    if (!(lossRelative <= NEARLY_RIGHT && gradientScaled <= NEARLY_RIGHT)) fault = "not nearly right";
  } else {
    const { fault: lossFault } = compare(
      [answer.loss],
      { values: [loss], terms: [loss] },
      tolerance(precision, "derived"),
      float32,
      "mean loss",
    );
    // Of a scale of 1/rows, as docs/semantics.md §7 has it; the CPU's classes allow nothing of scale.
    const allowed = tolerance(precision, "gradient");
    const right = gradientUlp <= allowed.ulp || gradientScaled <= allowed.scaled;
    const found = `gradient off by ${gradientUlp} ulp, ${gradientScaled} of 1/rows`;
    fault =
      lossFault ?? (right ? undefined : `${found}; allowed are ${allowed.ulp} ulp or ${allowed.scaled} of 1/rows`);
  }
  return {
    measured: { "loss, relative": lossRelative, "gradient, of 1/rows": gradientScaled, "gradient, ulp": gradientUlp },
    fault,
  };
}
