import { isSurprisalError } from "@surprisal/core";
import { CommanderError } from "commander";
import { DataError } from "./data/digit-data.ts";
import { oneLine } from "./one-line.ts";
import { program } from "./program.ts";
import type { Terminal, Terminals } from "./terminal.ts";
import { DivergedError } from "./training-log.ts";
import { UsageError } from "./usage-error.ts";
import { WeightsError } from "./weights-file.ts";
import { OutputError } from "./write-atomically.ts";

/**
 * Runs a command line. Returns its exit code: 0, 1 for training that failed, 2 for a wrong command line, data or files, 130
 * and 143 for interrupted training. Whatever is not 0 has said why on one line.
 */
export async function runCommandLine(args: readonly string[], terminals: Terminals): Promise<number> {
  let exitCode = 0;
  try {
    await program(terminals, (code) => {
      exitCode = code;
    }).parseAsync(args, { from: "user" });
    return exitCode;
  } catch (error) {
    return exitCodeOf(error, terminals.err);
  }
}

function exitCodeOf(error: unknown, err: Terminal): number {
  // Commander has printed its own.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if ([UsageError, DataError, WeightsError, OutputError].some((known) => error instanceof known)) {
    err.write(`error: ${oneLine((error as Error).message)}\n`);
    return 2;
  }
  if (error instanceof DivergedError || isSurprisalError(error)) {
    err.write(`error: ${oneLine(error.message)}\n`);
    return 1;
  }
  throw error;
}
