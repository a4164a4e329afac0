import { Command, Option } from "commander";
import { BACKEND_NAMES } from "./backends.ts";
import { BUILT_IN } from "./data/load-digits.ts";
import { type EvalFlags, evalCommand } from "./eval-command.ts";
import { classWeights, decimal, hiddenUnits, indices, oneOf, share, text, wholeNumber } from "./flags.ts";
import { listCommand } from "./list-command.ts";
import { oneLine } from "./one-line.ts";
import { type OptimizerName, optimizers } from "./optimizers.ts";
import { type PredictFlags, predictCommand } from "./predict-command.ts";
import { type ScheduleName, schedules } from "./schedules.ts";
import type { Terminals } from "./terminal.ts";
import { type TrainFlags, trainCommand } from "./train-command.ts";
import { UsageError } from "./usage-error.ts";

const WEIGHTS_FILE = "digits.safetensors";
const HIGHEST_SEED = Number.MAX_SAFE_INTEGER;

/** The command line; `done` is told the exit code. Errors are thrown as CommanderError after one line on standard error. */
export function program(terminals: Terminals, done: (exitCode: number) => void): Command {
  const train = trainOptions(terminals, done);
  return newCommand("trainer", terminals)
    .description("Trains digit classifiers with the fused softmax cross-entropy loss.")
    .addCommand(train, { isDefault: true })
    .addCommand(evalOptions(terminals, done))
    .addCommand(predictOptions(terminals, done))
    .helpCommand(false)
    .addHelpText("after", () => `\n${train.helpInformation()}`);
}

function newCommand(name: string, { out, err }: Terminals): Command {
  return new Command(name).exitOverride().configureOutput({
    writeOut: (text) => out.write(text),
    writeErr: (text) => err.write(text),
    getOutHelpWidth: () => (out.isTTY ? (out.columns ?? 80) : 80),
    getErrHelpWidth: () => 80,
    outputError: (message, write) => write(`${oneLine(message)} (--help shows all commands and options)\n`),
  });
}

type Listing = { readonly listBackends?: boolean };

function trainOptions(terminals: Terminals, done: (exitCode: number) => void): Command {
  const rates = Object.entries(optimizers).map(([name, { learningRate }]) => `${name} ${learningRate}`);
  const command = newCommand("train", terminals)
    .description("Train 784-HIDDEN-10, print its test accuracy and save its weights (the default command).")
    .allowExcessArguments()
    .addOption(
      option("--data <dir>", `folder with MNIST's four IDX files, gzipped or not, or ${BUILT_IN}: drawn from the seed`)
        .argParser(text())
        .default(BUILT_IN),
    )
    .addOption(option("--epochs <n>", "passes over the training images").argParser(wholeNumber(1, 100_000)).default(8))
    .addOption(option("--batch-size <n>", "images a step").argParser(wholeNumber(1, 1_000_000)).default(64))
    .addOption(
      option("--lr <x>", `learning rate, the highest of a schedule (default: ${rates.join(", ")})`).argParser(
        decimal(0, 1000),
      ),
    )
    .addOption(choice("--optimizer <name>", Object.keys(optimizers) as OptimizerName[], "adam", "how it steps"))
    .addOption(
      choice("--schedule <name>", Object.keys(schedules) as ScheduleName[], "constant", "learning rate over the steps"),
    )
    .addOption(
      option("--hidden <n,...>", "units of each hidden layer, or none").argParser(hiddenUnits()).default([128], "128"),
    )
    .addOption(option("--dropout <x>", "share of hidden units that a step drops").argParser(share()).default(0))
    .addOption(
      choice("--augment <how>", ["none", "shift"], "none", "shift: move each image by up to 2 pixels, anew each epoch"),
    )
    .addOption(option("--label-smoothing <x>", "share of a label that all classes get").argParser(share()).default(0))
    .addOption(
      option("--class-weights <w>", "balanced, or what a class costs: 0:1.5,8:2 (default: 1 each)").argParser(
        classWeights(),
      ),
    )
    .addOption(
      option("--seed <n>", "decides over weights, order and drawn digits: same seed, same bits")
        .argParser(wholeNumber(0, HIGHEST_SEED))
        .default(0),
    )
    .addOption(
      option("--out <file>", "where the weights are saved, as safetensors; replaced if it is there")
        .argParser(text())
        .default(WEIGHTS_FILE),
    );
  return sharedOptions(command).action(async (flags: TrainFlags & Listing, { args }: Command) => {
    if (args[0] === "train") throw new UsageError("train comes first, before its options, and once");
    if (args.length > 0) {
      throw new UsageError(`there is no command or argument "${args[0]}"; the commands are train, eval, predict`);
    }
    done(flags.listBackends ? await listCommand(terminals.out) : await trainCommand(flags, terminals));
  });
}

function evalOptions(terminals: Terminals, done: (exitCode: number) => void): Command {
  const command = newCommand("eval", terminals)
    .description("Score saved weights on the test images.")
    .addArgument(weightsArgument())
    .addOption(dataOption("folder with MNIST's four IDX files"))
    .addOption(seedOption());
  return sharedOptions(command).action(async (file: string, flags: EvalFlags & Listing) => {
    done(flags.listBackends ? await listCommand(terminals.out) : await evalCommand(file, flags, terminals));
  });
}

function predictOptions(terminals: Terminals, done: (exitCode: number) => void): Command {
  const command = newCommand("predict", terminals)
    .description("Say what images show, with the probability of each class.")
    .addArgument(weightsArgument())
    .addOption(dataOption("folder with MNIST's four IDX files, or one IDX file of images"))
    .addOption(option("--index <n,...>", "which images: 3, or 0,4,7, or 0..9").argParser(indices()).default([0], "0"))
    .addOption(choice("--set <name>", ["test", "train"], "test", "which images of a folder"))
    .addOption(seedOption());
  return sharedOptions(command).action(async (file: string, flags: PredictFlags & Listing) => {
    done(flags.listBackends ? await listCommand(terminals.out) : await predictCommand(file, flags, terminals));
  });
}

/** What every command has. */
function sharedOptions(command: Command): Command {
  return command
    .addOption(
      option(
        "--backend <name>",
        `${BACKEND_NAMES.join(", ")}: that and no other (default: the first available)`,
      ).argParser(oneOf(BACKEND_NAMES)),
    )
    .addOption(
      option("--threads <n>", "how many compute (default: as many as are fastest here)").argParser(wholeNumber(1, 64)),
    )
    .addOption(option("--list-backends", "say which backends are available here, and stop (default: off)"))
    .addOption(option("--json", "print the result as one line of JSON, all else to standard error (default: off)"));
}

function weightsArgument() {
  return new Command().createArgument("[weights]", "file that train saved").default(WEIGHTS_FILE);
}

function dataOption(description: string): Option {
  return option("--data <path>", `${description}, or ${BUILT_IN} (default: what the weights are from)`).argParser(
    text(),
  );
}

function seedOption(): Option {
  return option("--seed <n>", "which digits are drawn (default: those of the weights)").argParser(
    wholeNumber(0, HIGHEST_SEED),
  );
}

function choice<T extends string>(flags: string, words: readonly T[], preset: T, description: string): Option {
  const others = words.filter((word) => !description.startsWith(`${word}:`) && word !== "none");
  const list = others.length > 1 ? `${words.join(", ")}: ${description}` : description;
  return option(flags, list).argParser(oneOf(words)).default(preset);
}

function option(flags: string, description: string): Option {
  return new Option(flags, description);
}
