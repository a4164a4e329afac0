import { Command, Option } from "commander";
import { decimal, text, wholeNumber } from "./flags.ts";
import { oneLine } from "./one-line.ts";
import type { Terminal } from "./progress.ts";
import { BUILT_IN, type TrainFlags, trainCommand } from "./train-command.ts";
import { UsageError } from "./usage-error.ts";

/** The command line. Errors are thrown as CommanderError after one line on standard error. */
export function program(terminal: Terminal): Command {
  const train = trainOptions(terminal);
  return withOneLineErrors(new Command("trainer"))
    .description("Trains digit classifiers with the fused softmax cross-entropy loss.")
    .addCommand(train, { isDefault: true })
    .helpCommand(false)
    .addHelpText("after", () => `\n${train.helpInformation()}`);
}

function withOneLineErrors(command: Command): Command {
  return command.exitOverride().configureOutput({
    outputError: (message, write) => write(`${oneLine(message)} (--help shows all commands and options)\n`),
  });
}

function trainOptions(terminal: Terminal): Command {
  return withOneLineErrors(new Command("train"))
    .description("Train 784-HIDDEN-10 with Adam and print its test accuracy (the default command).")
    .allowExcessArguments()
    .addOption(
      new Option("--data <dir>", "folder with MNIST's four IDX files, gzipped or not, or digits drawn from the seed")
        .argParser(text())
        .default(BUILT_IN),
    )
    .addOption(
      new Option("--epochs <n>", "passes over the training images").argParser(wholeNumber(1, 100_000)).default(8),
    )
    .addOption(new Option("--batch-size <n>", "images a step").argParser(wholeNumber(1, 1_000_000)).default(32))
    .addOption(new Option("--lr <x>", "learning rate").argParser(decimal(0, 1000)).default(0.001))
    .addOption(new Option("--hidden <n>", "units of the hidden layer").argParser(wholeNumber(1, 100_000)).default(128))
    .addOption(
      new Option("--seed <n>", "decides over weights, order and drawn digits: same seed, same bits")
        .argParser(wholeNumber(0, Number.MAX_SAFE_INTEGER))
        .default(0),
    )
    .option("--json", "print the result as JSON on the last line")
    .action((flags: TrainFlags, { args }: Command) => {
      if (args[0] === "train") throw new UsageError("train comes first, before its options, and once");
      if (args.length > 0) throw new UsageError(`there is no command or argument "${args[0]}"; the command is train`);
      return trainCommand(flags, terminal);
    });
}
