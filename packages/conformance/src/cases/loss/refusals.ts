import { isSurprisalError, type Scope, softmaxCrossEntropy, softmaxCrossEntropyGradient } from "@surprisal/core";
import type { Case, CaseContext } from "../../case.ts";
import { caseGroup } from "../define.ts";
import { inScope } from "../ops/op-case.ts";

const { quick } = caseGroup("loss/semantics");

/** What an error must say of itself: its code, words of its message, other fields. */
interface Refusal {
  readonly code: "LABEL" | "SHAPE" | "OPTION" | "VALUE";
  readonly names: readonly string[];
  readonly fields?: Readonly<Record<string, unknown>>;
}

type Call = (scope: Scope, loss: typeof softmaxCrossEntropy) => unknown;

/** Fails unless loss and gradient op refuse the call at once: before any kernel runs or any memory is taken. */
function refuses({ code, names, fields = {} }: Refusal, call: Call): Case["run"] {
  return (t: CaseContext) =>
    inScope(t, (scope) => {
      const { usage } = t.backend;
      const used = (): string => `${usage.made} handles, ${[...usage.kernelCalls].join(" ")}`;
      for (const loss of [softmaxCrossEntropy, softmaxCrossEntropyGradient]) {
        let before = "";
        const error = thrownBy(() =>
          call(scope, (...args) => {
            before = used();
            return loss(...args);
          }),
        );
        t.expect(isSurprisalError(error, code), `${loss.name} should throw an error of code ${code}, not ${error}`);
        t.expect(used() === before, `${loss.name} called the backend before it refused: ${before}, then ${used()}`);
        const { message } = error as Error;
        for (const name of names) t.expect(message.includes(name), `"${message}" does not name ${name}`);
        for (const [field, value] of Object.entries(fields)) {
          const actual: unknown = Reflect.get(error as Error, field);
          t.expect(Object.is(actual, value), `the error's ${field} is ${actual}, and should be ${value}`);
        }
      }
    });
}

/** What `call` throws; undefined if it returns. */
function thrownBy(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  return undefined;
}

const label = (row: number, value: number, classes: number): Refusal => ({
  code: "LABEL",
  names: [`label ${value}`, `row ${row}`],
  fields: { row, label: value, classes },
});

const threeClasses = [
  [1, 2, 3],
  [4, 5, 6],
];

/** What is refused, and what the error must say. */
const refusals: Readonly<Record<string, Case["run"]>> = {
  "label-below-0": refuses(label(1, -1, 3), (scope, loss) => loss(scope.tensor(threeClasses), { labels: [0, -1] })),
  "label-of-as-many-as-classes": refuses(label(0, 3, 3), (scope, loss) =>
    loss(scope.tensor(threeClasses), { labels: [3, 0] }),
  ),
  "label-out-of-range-beside-ignored-ones": refuses(label(1, -1, 3), (scope, loss) =>
    loss(scope.tensor(threeClasses), { labels: [-100, -1] }, { ignoreIndex: -100 }),
  ),
  "label-not-an-integer": refuses({ code: "LABEL", names: ["0.5"], fields: { row: 1, label: 0.5 } }, (scope, loss) =>
    loss(scope.tensor(threeClasses), { labels: [0, 0.5] }),
  ),
  "label-nan": refuses({ code: "LABEL", names: ["NaN"], fields: { row: 0 } }, (scope, loss) =>
    loss(scope.tensor(threeClasses), { labels: Float64Array.of(Number.NaN, 1) }),
  ),
  "labels-of-another-length": refuses({ code: "SHAPE", names: ["[3]", "[2]", "[2, 3]"] }, (scope, loss) =>
    loss(scope.tensor(threeClasses), { labels: [0, 1, 2] }),
  ),
  "probabilities-of-another-shape": refuses({ code: "SHAPE", names: ["[3]", "[2, 3]"] }, (scope, loss) =>
    loss(scope.tensor(threeClasses), { probabilities: scope.tensor([1, 0, 0]) }),
  ),
  "zero-classes": refuses({ code: "SHAPE", names: ["[2, 0]"] }, (scope, loss) =>
    loss(scope.tensor([], [2, 0]), { labels: [0, 0] }),
  ),
  "rank-0": refuses({ code: "SHAPE", names: ["[]"] }, (scope, loss) => loss(scope.tensor(1), { labels: 0 })),
  "weights-of-another-length": refuses({ code: "SHAPE", names: ["[2]", "3"] }, (scope, loss) =>
    loss(scope.tensor(threeClasses), { labels: [0, 1] }, { classWeights: [1, 2] }),
  ),
  "smoothing-outside-0-to-1": refuses({ code: "OPTION", names: ["labelSmoothing", "1.5"] }, (scope, loss) =>
    loss(scope.tensor(threeClasses), { labels: [0, 1] }, { labelSmoothing: 1.5 }),
  ),
  "weight-below-0": refuses({ code: "OPTION", names: ["-1", "class 1"] }, (scope, loss) =>
    loss(scope.tensor(threeClasses), { labels: [0, 1] }, { classWeights: [1, -1, 1] }),
  ),
};

/** The rows of docs/semantics.md §4 that are refused, and options outside their range. */
export const refusalCases: readonly Case[] = Object.entries(refusals).map(([name, run]) => quick(name, run));
