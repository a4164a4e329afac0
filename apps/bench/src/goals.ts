import type { Result, ShapeReport } from "./compare-contenders.ts";
import type { FitOverhead } from "./overhead/fit-step.ts";
import type { OpOverhead } from "./overhead/op-overhead.ts";
import { type Size, type Sizes, TRAINING_BUNDLE } from "./sizes.ts";
import { table, threeDigits } from "./table.ts";

/** How many times faster than another library, or how many times the time of another of our own ways. */
interface RatioGoal {
  readonly workload: string;
  /** The one whose time is divided. */
  readonly of: string;
  /** Ours by which it is divided (default: the variant itself): a suffix of the variant's name. */
  readonly by?: string;
  readonly says: string;
  readonly bound: "at least" | "at most";
  readonly must: number;
  readonly aim: number;
}

const fused = "fused softmax cross-entropy";
const forward = "softmax cross-entropy, forward";
const probabilities = "fused softmax cross-entropy, probabilities";

const faster = (workload: string, of: string, must: number, aim: number): RatioGoal => ({
  workload,
  of,
  says: `${workload}: ${of}`,
  bound: "at least",
  must,
  aim,
});

const goals: readonly RatioGoal[] = [
  faster(fused, "tfjs-wasm, tf.losses", 20, 25),
  faster(fused, "tfjs-wasm, by hand", 20, 25),
  faster(fused, "jax-js, logSoftmax", 20, 25),
  faster(fused, "jax-js, logsumexp", 20, 25),
  faster(fused, "onnxruntime-web", 6, 7.5),
  faster(fused, "onnxruntime-node", 2.5, 3),
  faster(fused, "PyTorch", 3, 4),
  faster(fused, "TensorFlow", 7, 9),
  faster(forward, "tfjs-wasm, tf.losses", 11, 13),
  faster(forward, "tfjs-wasm, by hand", 11, 13),
  faster(forward, "jax-js, logSoftmax", 18, 22),
  faster(forward, "jax-js, logsumexp", 18, 22),
  faster(forward, "onnxruntime-web", 5, 6),
  faster(forward, "onnxruntime-node", 1.9, 2.2),
  {
    workload: probabilities,
    of: "",
    by: ", by labels",
    says: "probabilities: of the label path's time",
    bound: "at most",
    must: 1.8,
    aim: 1.5,
  },
  faster("matrix product", "tfjs-wasm", 1.5, 1.8),
  faster("matrix product", "onnxruntime-web", 1.5, 1.8),
  faster("matrix product", "jax-js", 1.5, 1.8),
  faster("training", "jax-js", 2.2, 2.6),
  faster("training", "tfjs-wasm", 11, 13),
  faster("training", "PyTorch", 0.9, 1.1),
];

/** What the machine's noise may take from a ratio before it counts as missed. */
const SLACK = 0.1;

/** A ratio at one shape: the median of the rounds' ratios, and that of the best rounds. */
interface Found {
  readonly shape: string;
  readonly median: number;
  readonly atBest: number;
}

function found(goal: RatioGoal, shapes: readonly ShapeReport[], variant: string): Found[] {
  const [numerator, denominator] =
    goal.by === undefined ? [goal.of, variant] : [`${variant}${goal.of}`, `${variant}${goal.by}`];
  return shapes
    .filter(({ workload }) => workload === goal.workload)
    .flatMap(({ shape, results }) => {
      const named = (wanted: string): Result | undefined => results.find(({ name }) => name === wanted);
      const [top, bottom] = [named(numerator), named(denominator)];
      const ratio = top?.multipleOf[denominator];
      if (top === undefined || bottom === undefined || ratio === undefined) return [];
      return [{ shape, median: ratio.median, atBest: top.time.least / bottom.time.least }];
    });
}

/** `met`, `aim met`, or by how much it is missed and where. A goal of a ratio has the slack of the machine's noise. */
export function verdict(
  values: readonly { readonly median: number; readonly shape: string }[],
  { bound, must, aim, slack = SLACK }: Pick<RatioGoal, "bound" | "must"> & { aim?: number; slack?: number },
): string {
  const [first] = values.toSorted((a, b) => (bound === "at least" ? a.median - b.median : b.median - a.median));
  if (first === undefined) return "not measured";
  const short = (limit: number) => (bound === "at least" ? 1 - first.median / limit : first.median / limit - 1);
  if (aim !== undefined && short(aim) <= 0) return "aim met";
  if (short(must) <= 0) return "met";
  const where = first.shape === "" ? "" : ` at ${first.shape.replaceAll("x", " × ")}`;
  const by = `${(100 * short(must)).toFixed(0)} %${where}`;
  return short(must) <= slack ? `met within the noise: short by ${by}` : `missed by ${by}`;
}

/** What a run found besides the times at each shape. */
interface Others {
  readonly shapes: readonly ShapeReport[];
  readonly sizes?: Sizes | undefined;
  readonly overhead?: { readonly ops: readonly OpOverhead[]; readonly fit: FitOverhead } | undefined;
}

/** Every goal as a line of a table. */
export function goalsTable({ shapes, sizes, overhead }: Others): string {
  const ratioRows = goals.map((goal) => {
    const relaxed = found(goal, shapes, "surprisal relaxed");
    const strict = found(goal, shapes, "surprisal strict");
    const sign = goal.bound === "at least" ? "≥" : "≤";
    return [
      goal.says,
      `${sign} ${goal.must}×`,
      `${sign} ${goal.aim}×`,
      relaxed.map(({ median }) => threeDigits(median)).join(" · ") || "–",
      relaxed.map(({ atBest }) => threeDigits(atBest)).join(" · ") || "–",
      verdict(relaxed, goal),
      strict.map(({ median }) => threeDigits(median)).join(" · ") || "–",
      verdict(strict, { bound: goal.bound, must: goal.bound === "at least" ? goal.must / 2 : goal.must }),
    ];
  });
  return table(
    ["goal", "must", "aim", "measured, shape by shape", "of the best rounds", "verdict", "strict", "half of the must"],
    [...ratioRows, ...otherRows({ shapes, sizes, overhead })],
  );
}

function otherRows({ sizes, overhead }: Others): string[][] {
  const most = (
    says: string,
    unit: string,
    value: number | undefined,
    { must, aim, atBest, slack = 0 }: { must: number; aim?: number; atBest?: number | undefined; slack?: number },
  ): string[] => [
    says,
    `≤ ${must} ${unit}`,
    aim === undefined ? "" : `≤ ${aim} ${unit}`,
    value === undefined ? "–" : `${threeDigits(value)} ${unit}`,
    atBest === undefined ? "" : `${threeDigits(atBest)} ${unit}`,
    verdict(value === undefined ? [] : [{ median: value, shape: "" }], {
      bound: "at most",
      must,
      slack,
      ...(aim !== undefined && { aim }),
    }),
    "",
    "",
  ];
  const kilobytes = (size?: Size) => size && size.bytes / 1000;
  const dearest = overhead?.ops
    .filter(({ calls }) => calls === 1)
    .toSorted((a, b) => b.share.median - a.share.median)[0];
  const fit = overhead?.fit;
  const bundle = sizes?.bundles.find(({ name }) => name.startsWith(TRAINING_BUNDLE));
  return [
    most(`core around one kernel, at its dearest${dearest ? `: ${dearest.name}` : ""}`, "µs", dearest?.share.median, {
      must: 1,
      atBest: dearest?.share.least,
      slack: SLACK,
    }),
    most("of a step of fit what is not its kernels", "%", fit?.share.median, {
      must: 5,
      atBest: fit?.shareAtBest,
      slack: SLACK,
    }),
    ...["relaxed", "strict"].map((variant) => {
      const kernels = sizes?.kernels.find(({ name }) => name === variant);
      return most(`kernels, ${variant}, gzipped`, "kB", kilobytes(kernels), { must: 16, aim: 12 });
    }),
    most("core and backend-cpu as loaded, gzipped", "kB", kilobytes(bundle), { must: 40, aim: 30 }),
  ];
}
