import { type ChildProcess, fork } from "node:child_process";
import type { Facts } from "@surprisal/core";
import type { Case } from "../case.ts";
import { cases, casesVersion } from "../cases.ts";
import { selectCases } from "../check-backend.ts";
import { type Report, report, type Verdict } from "../report.ts";
import { type CheckCommand, selects, UsageError } from "./arguments.ts";
import { type Assignment, caseProcessFlag, type Progress } from "./case-process.ts";

export interface SupervisedOptions extends Pick<CheckCommand, "module" | "tier" | "filters" | "seed" | "deadline"> {
  /** The script that becomes a case process when it is started with {@link caseProcessFlag}. */
  readonly script: string;
  readonly onVerdict?: ((verdict: Verdict, index: number, count: number) => void) | undefined;
}

/** A group in which so many processes were lost is left, and after so many in all nothing more is run. */
const mostLost = { group: 3, all: 10 };

/** The longest that loading the module may take, in milliseconds. */
const loadingDeadline = 30_000;

/**
 * The kit on the backend of a module, in a process of its own. A case that does not end in time, or that takes its process
 * with it, has failed; the others go on in a fresh process.
 * @throws UsageError if the filters select no case or the module exports no backend
 */
export async function supervisedCheck(options: SupervisedOptions): Promise<Report> {
  const { module, tier, filters, seed, onVerdict } = options;
  const selection = selectCases({ tier, filter: selects(filters) });
  if (selection.length === 0) throw new UsageError(`no ${tier} case begins with ${filters.join(" or ")}: see --list`);
  const verdicts = new Map<string, Verdict>();
  const lost = new Map<string, number>();
  let name = module;
  let facts: Facts | undefined;

  const add = (verdict: Verdict): void => {
    verdicts.set(verdict.id, verdict);
    onVerdict?.(verdict, verdicts.size, selection.length + 1);
  };
  const lose = ({ id, group }: Pick<Case, "id" | "group">, message: string): void => {
    add({ id, group, status: "failed", message });
    lost.set(group, (lost.get(group) ?? 0) + 1);
    const all = [...lost.values()].reduce((a, b) => a + b);
    for (const one of selection) {
      if (verdicts.has(one.id)) continue;
      const times = one.group === group ? lost.get(group)! : 0;
      if (times < mostLost.group && all < mostLost.all) continue;
      const where = all < mostLost.all ? `${times} cases of this group` : `${all} cases`;
      add({
        id: one.id,
        group: one.group,
        status: "failed",
        message: `not run: ${where} took their process with them`,
      });
    }
  };

  for (let isFirst = true; ; isFirst = false) {
    const ids = selection.map(({ id }) => id).filter((id) => !verdicts.has(id));
    if (ids.length === 0) break;
    const end = await caseProcess({ module, seed, ids }, options, (progress) => {
      if (progress.kind === "loaded") {
        name = progress.name;
        if (isFirst) for (const verdict of progress.unknownSkips) add(verdict);
      } else if (progress.kind === "ended") {
        facts = progress.facts ?? facts;
        add(progress.verdict);
      }
    });
    if (end.kind === "refused") throw new UsageError(end.message);
    if (end.kind === "done") break;
    if (end.id === undefined) throw new UsageError(`${module}: ${end.message} while it was loaded`);
    lose(selection.find(({ id }) => id === end.id) ?? { id: end.id, group: "backend" }, end.message);
  }
  const order = new Map(cases.map(({ id }, i) => [id, i]));
  const placed = [...verdicts.values()].sort((a, b) => placeOf(order, a) - placeOf(order, b));
  return report({ name, tier, seed, cases: casesVersion, facts }, placed);
}

/** Unknown skips first, closing last. */
function placeOf(order: ReadonlyMap<string, number>, { id, group }: Verdict): number {
  return order.get(id) ?? (group === "skips" ? -1 : order.size);
}

/** How a case process ended: with its work done, or on a case (none: on loading the module). */
type End =
  | { readonly kind: "done" }
  | { readonly kind: "refused"; readonly message: string }
  | { readonly kind: "lost"; readonly id: string | undefined; readonly message: string };

function caseProcess(
  assignment: Assignment,
  { script, deadline }: Pick<SupervisedOptions, "script" | "deadline">,
  onProgress: (progress: Progress) => void,
): Promise<End> {
  return new Promise((resolve) => {
    // What the backend prints goes to the standard error, and infinities pass between the two.
    const child = fork(script, [caseProcessFlag], { serialization: "advanced", stdio: ["ignore", 2, 2, "ipc"] });
    const stop = killWithUs(child);
    let current: string | undefined;
    let end: End | undefined;
    let timer: ReturnType<typeof setTimeout>;
    const watch = (): void => {
      clearTimeout(timer);
      const longest = current === undefined ? loadingDeadline : deadline;
      timer = setTimeout(() => {
        end ??= { kind: "lost", id: current, message: `no answer within ${longest} ms; its process was ended` };
        child.kill("SIGKILL");
      }, longest);
    };
    child.on("message", (progress: Progress) => {
      if (progress.kind === "started") current = progress.id;
      if (progress.kind === "refused" || progress.kind === "done") end ??= progress;
      if (progress.kind === "crashed") end ??= { kind: "lost", id: current, message: progress.message };
      watch();
      onProgress(progress);
    });
    child.on("exit", (code, signal) => {
      clearTimeout(timer);
      stop();
      const how = signal ? `by ${signal}` : `with code ${code}`;
      resolve(end ?? { kind: "lost", id: current, message: `the process ended ${how}` });
    });
    watch();
    child.send(assignment);
  });
}

/** A process in an endless loop does not notice that its parent has gone. */
function killWithUs(child: ChildProcess): () => void {
  const kill = (): void => {
    child.kill("SIGKILL");
  };
  process.on("exit", kill);
  return () => process.off("exit", kill);
}
