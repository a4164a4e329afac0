import { isSurprisalError } from "@surprisal/core";
import { CommanderError } from "commander";
import { DataError } from "./data/digit-data.ts";
import { oneLine } from "./one-line.ts";
import { program } from "./program.ts";
import { DivergedError } from "./training.ts";
import { UsageError } from "./usage-error.ts";

// A reader that has seen enough (`| head`) ends the run without a word.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") console.error(`error: standard output: ${error.message}`);
  process.exit(error.code === "EPIPE" ? 0 : 1);
});

try {
  await program(process.stdout).parseAsync(process.argv);
} catch (error) {
  process.exitCode = exitCodeOf(error);
}

/** 0 for help, 2 for a wrong command line or bad data, 1 for training that failed. Prints the reason on one line. */
function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof UsageError || error instanceof DataError) {
    console.error(`error: ${oneLine(error.message)}`);
    return 2;
  }
  if (error instanceof DivergedError || isSurprisalError(error)) {
    console.error(`error: ${oneLine(error.message)}`);
    return 1;
  }
  throw error;
}
