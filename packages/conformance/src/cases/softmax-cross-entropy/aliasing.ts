import type { Case } from "../../case.ts";
import { softmaxCrossEntropy } from "../../oracle/softmax-cross-entropy.ts";
import { caseGroup } from "../define.ts";
import { launch, verify } from "./launch.ts";
import { type ProblemStyle, randomProblem, sizes } from "./random-problem.ts";

const { quick } = caseGroup("kernel/softmax-cross-entropy");

const inPlace: Readonly<Record<string, ProblemStyle>> = {
  labels: { ...sizes.digits, ignoreEvery: 5 },
  smoothed: { ...sizes.digits, smoothing: 0.1 },
  probabilities: { ...sizes.digits, targets: "probabilities" },
  "labels-over-a-block": { ...sizes.overOneBlock },
};

/** The gradient written over the logits, and the state given back. */
export const aliasCases: readonly Case[] = [
  ...Object.entries(inPlace).map(([name, style]) =>
    quick(`gradient-over-logits-${name}`, async (t) => {
      const problem = randomProblem(t, style);
      const handle = t.float(problem.logits);
      verify(
        t,
        problem,
        await launch(t, problem, ["rowLoss", "state", "gradient"], { logits: handle, gradient: handle }),
      );
    }),
  ),
  ...Object.entries(inPlace).map(([name, style]) =>
    quick(`state-given-back-${name}`, async (t) => {
      const problem = randomProblem(t, { ...style, rowScale: true });
      const { rows, classes } = problem;
      const [logits, state] = [t.float(problem.logits), t.output(3 * rows)];
      const inputs = {
        logits,
        labels: problem.labels && t.i32(problem.labels),
        probabilities: problem.probabilities && t.float(problem.probabilities),
      };
      const params = { rows, classes, inner: 1, smoothing: problem.smoothing ?? 0, scale: 1 };
      t.kernels.softmaxCrossEntropy({ state }, inputs, params);
      verify(t, problem, await launch(t, problem, ["rowLoss", "gradient"], { logits, state }));
      // Once more, over the logits.
      verify(t, problem, await launch(t, problem, ["gradient"], { logits, state, gradient: logits }));
    }),
  ),
  quick("asking-for-less-changes-nothing", async (t) => {
    const problem = randomProblem(t, { ...sizes.digits, ignoreEvery: 5 });
    const reference = softmaxCrossEntropy(problem);
    const all = await launch(t, problem);
    for (const name of ["rowLoss", "gradient", "state"] as const) {
      const alone = await launch(t, problem, [name]);
      verify(t, problem, alone, reference);
      if (name === "state") t.same(alone.state!, all.state!, "state");
    }
  }),
];
