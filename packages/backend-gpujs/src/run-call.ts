import type { Call, Launch } from "./call.ts";
import type { CellValues } from "./cell-values.ts";
import type { Failures } from "./failures.ts";
import { checkMarks, type Marks, marked } from "./marks.ts";
import type { Programs } from "./programs.ts";

/** Runs a call, and leaves its failure in its outputs; it never rejects. */
export type RunCall = (call: Call) => Promise<void>;

export function makeRunCall(programs: Programs, values: CellValues, failures: Failures): RunCall {
  async function launch({ output, source, inputs, sizes, numbers }: Launch, extra = 0): Promise<void> {
    if (output.length === 0 || failures.lost) return;
    const arrays = await values.arraysOf(inputs);
    if (failures.lost) return;
    values.store(output, await programs.run(source, { arrays, sizes, numbers }, output.length + extra));
  }

  /** Launches each with its mark, and has the guard look whether those of the results are right. */
  async function launchMarked({ launches, outputs }: Call): Promise<void> {
    const marks: Marks = new Map();
    for (const one of launches) await launch(marked(one, marks), 1);
    await launch(checkMarks(values.guard, outputs, marks));
  }

  return async (call) => {
    const { outputs, inputs, launches, temporaries = [] } = call;
    let failure = failures.lost ?? inputs.find((cell) => cell.failure)?.failure;
    if (!failure) {
      try {
        if (call.marked) await launchMarked(call);
        else for (const one of launches) await launch(one);
      } catch (error) {
        failure = failures.lost ?? failures.add(error);
      }
    }
    for (const cell of temporaries) values.drop(cell);
    for (const output of outputs) output.failure = failure;
  };
}
