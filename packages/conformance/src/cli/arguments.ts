import { parseArgs } from "node:util";
import type { Tier } from "../case.ts";
import { defaultDeadline } from "../check-backend.ts";

export const usage = `Usage: npx @surprisal/conformance <module> [options]

Runs the conformance kit of @surprisal/core on the backend of a module, in a process of its own, and prints a table.
<module> is a file. Its default export, its export named "backend" or its only export is a provider { name, open } or a
function that returns one. An export named "skip" may say which cases are known to fail: { "case/id": "the reason" }.

  --tier quick|full   which cases (default quick; full has the long rows and the large memories too)
  --filter TEXT       only the cases whose id begins so; may be given several times
  --seed N            seed of all random data (default 1)
  --deadline MS       the longest that one case may take (default 30000, full 120000); then its process is ended
  --json              prints the report as JSON; numbers that JSON has not are strings ("Infinity")
  --html FILE         writes the report as one self-contained page
  --list              prints the ids of the cases and runs nothing; needs no module
  --help              prints this

Exit code: 0 all passed, 1 something failed, 2 wrong use. Progress goes to the standard error. NO_COLOR is honoured.
`;

/** What the command line asks for. */
export interface CheckCommand {
  /** As it was given. */
  readonly module: string;
  readonly tier: Tier;
  /** Beginnings of ids; empty for all. */
  readonly filters: readonly string[];
  readonly seed: number;
  /** Milliseconds. */
  readonly deadline: number;
  readonly json: boolean;
  readonly html: string | undefined;
}

export type Command =
  | { readonly kind: "help" }
  | ({ readonly kind: "list" } & Pick<CheckCommand, "tier" | "filters">)
  | ({ readonly kind: "check" } & CheckCommand);

/** Wrong use: said in one line, with exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/**
 * Reads the arguments.
 * @throws UsageError for an unknown option, a value that an option does not take, and none or several modules
 */
export function parseCommand(args: readonly string[]): Command {
  const { values, positionals } = parsed(args);
  if (values.help) return { kind: "help" };
  const { tier = "quick", filter: filters = [] } = values;
  if (tier !== "quick" && tier !== "full") throw new UsageError(`--tier is quick or full, not ${tier}`);
  if (values.list) return { kind: "list", tier, filters };
  const [module, ...more] = positionals;
  if (module === undefined) throw new UsageError("which backend? Give the file of a module that exports it");
  if (more.length > 0) throw new UsageError(`one module at a time: ${module}, and not ${more.join(", ")} too`);
  return {
    kind: "check",
    module,
    tier,
    filters,
    seed: wholeNumber("--seed", values.seed, 1, 0, Number.MAX_SAFE_INTEGER),
    deadline: wholeNumber("--deadline", values.deadline, defaultDeadline(tier), 1, 2 ** 31 - 1),
    json: values.json ?? false,
    html: values.html,
  };
}

/** Whether an id is asked for. */
export function selects(filters: readonly string[]): (id: string) => boolean {
  return (id) => filters.length === 0 || filters.some((beginning) => id.startsWith(beginning));
}

const options = {
  tier: { type: "string" },
  filter: { type: "string", multiple: true },
  seed: { type: "string" },
  deadline: { type: "string" },
  json: { type: "boolean" },
  html: { type: "string" },
  list: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

function parsed(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function wholeNumber(name: string, text: string | undefined, otherwise: number, least: number, most: number): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most) {
    throw new UsageError(`${name} is a whole number from ${least} to ${most}, not ${JSON.stringify(text)}`);
  }
  return value;
}
