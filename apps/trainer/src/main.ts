import { runCommandLine } from "./command-line.ts";
import { terminalOf } from "./terminal.ts";

// A reader that has seen enough (`| head`) ends the run without a word.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") console.error(`error: standard output: ${error.message}`);
  process.exit(error.code === "EPIPE" ? 0 : 1);
});

const terminals = { out: terminalOf(process.stdout, process.env), err: terminalOf(process.stderr, process.env) };
process.exitCode = await runCommandLine(process.argv.slice(2), terminals);
