import type { Facts } from "@surprisal/core";
import { cases } from "../cases.ts";
import { unknownSkips } from "../check-backend.ts";
import type { Verdict } from "../report.ts";
import { session } from "../session.ts";
import { loadSubject } from "./backend-module.ts";

/** What the process that runs cases is told: all there is to do. */
export interface Assignment {
  readonly module: string;
  readonly seed: number;
  readonly ids: readonly string[];
}

/** What it says, in this order: `loaded` or `refused`; a start and a verdict for each case; `done`. */
export type Progress =
  | { readonly kind: "loaded"; readonly name: string; readonly unknownSkips: readonly Verdict[] }
  | { readonly kind: "refused"; readonly message: string }
  | { readonly kind: "started"; readonly id: string }
  | { readonly kind: "ended"; readonly verdict: Verdict; readonly facts: Facts | undefined }
  | { readonly kind: "crashed"; readonly message: string }
  | { readonly kind: "done" };

/** The argument by which the command line starts itself as that process. */
export const caseProcessFlag = "--surprisal-case-process";

/** The body of the process: waits for its assignment and runs it. Whoever started it watches the clock, and may kill it. */
export function runCaseProcess(): void {
  silenceAdvice();
  process.once("message", (assignment: Assignment) => {
    process.on("uncaughtException", (error) => say({ kind: "crashed", message: error.message }, () => process.exit(1)));
    work(assignment).then(
      () => say({ kind: "done" }, () => process.exit(0)),
      (error: Error) => say({ kind: "crashed", message: error.message }, () => process.exit(1)),
    );
  });
  // Nobody listens any more.
  process.once("disconnect", () => process.exit(1));
}

/** Cases do on purpose what core warns its users of. */
function silenceAdvice(): void {
  const { warn } = console;
  console.warn = (...words: unknown[]) => {
    if (!String(words[0]).startsWith("surprisal: ")) warn(...words);
  };
}

function say(progress: Progress, then: () => void = () => {}): void {
  process.send!(progress, then);
}

async function work({ module, seed, ids }: Assignment): Promise<void> {
  const subject = await loadSubject(module).catch((error: unknown) => {
    say({ kind: "refused", message: error instanceof Error ? error.message : String(error) });
  });
  if (!subject) return;
  say({ kind: "loaded", name: subject.name, unknownSkips: unknownSkips(subject) });
  // One clock is enough, and it is not the one that a backend's endless loop would stop.
  const running = session(subject, { seed, deadline: 2 ** 31 - 1 });
  const wanted = new Set(ids);
  for (const one of cases.filter(({ id }) => wanted.has(id))) {
    say({ kind: "started", id: one.id });
    say({ kind: "ended", verdict: await running.run(one), facts: running.facts() });
  }
  say({ kind: "started", id: "backend/close" });
  say({ kind: "ended", verdict: await running.close(), facts: running.facts() });
}
