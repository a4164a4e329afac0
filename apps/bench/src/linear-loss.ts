// The loss of a linear layer as one op beside linear and loss: time in turns, and what each holds in memory.
//   pnpm --filter @surprisal/bench linear-loss [--shape ROWSxINPUTSxCLASSES] [--mebibytes N]… [--rounds N] [--variant relaxed|strict]…
import { parseArgs } from "node:util";
import { randomNumbers } from "@surprisal/conformance";
import {
  type Device,
  type Like,
  linear,
  linearCrossEntropy,
  openDevice,
  softmaxCrossEntropy,
  type Tensor,
} from "@surprisal/core";
import { interleave } from "./interleave.ts";
import { load, machine, today } from "./machine.ts";
import { ratios, spread } from "./statistics.ts";
import { provider, type Variant, variantsOf } from "./subject.ts";
import { table, threeDigits } from "./table.ts";
import { command, UsageError, wholeNumber } from "./usage-error.ts";

const MEBIBYTE = 2 ** 20;

await command(async () => {
  const { values } = parseArgs({
    options: {
      shape: { type: "string", default: "512x256x32768" },
      mebibytes: { type: "string", multiple: true, default: ["64", "32", "16"] },
      rounds: { type: "string", default: "15" },
      variant: { type: "string", multiple: true },
    },
  });
  const rounds = wholeNumber("--rounds", values.rounds, 1);
  const budgets = values.mebibytes.map((text) => wholeNumber("--mebibytes", text, 1));
  const shape = values.shape.split("x").map(Number);
  if (shape.length !== 3 || !shape.every((size) => Number.isInteger(size) && size > 0)) {
    throw new UsageError(`--shape is ROWSxINPUTSxCLASSES, not "${values.shape}"`);
  }
  const { cpu, node } = machine();
  console.log(`${today()}, ${cpu}, Node ${node}, ${values.shape}, ${rounds} rounds, load ${load().toFixed(1)}.`);
  console.log(
    "Mean loss and its gradients by x, w and b. Logits: the most bytes of logits and their gradient at a time.\n",
  );
  for (const variant of variantsOf(values.variant)) {
    console.log(`${await compared(variant, shape as [number, number, number], budgets, rounds)}\n`);
  }
});

/** The layer's tensors on a device of its own. */
async function layerOn(variant: Variant, [rows, inputs, classes]: readonly [number, number, number]) {
  const device = await openDevice([provider(variant)]);
  const random = randomNumbers("linear-loss", `${rows} ${inputs} ${classes}`);
  const numbers = (scale: number, ...shape: number[]) =>
    device.parameter(
      Float32Array.from({ length: shape.reduce((p, n) => p * n, 1) }, () => scale * random.normal()),
      shape,
    );
  const labels = Int32Array.from({ length: rows }, () => random.integer(classes));
  const params = { x: numbers(1, rows, inputs), w: numbers(1 / 16, inputs, classes), b: numbers(1, classes) };
  return { device, params, labels };
}

type Layer = Like<Awaited<ReturnType<typeof layerOn>>["params"]>;

/** One step of each way, in turns. */
async function compared(
  variant: Variant,
  shape: readonly [number, number, number],
  budgets: readonly number[],
  rounds: number,
): Promise<string> {
  const [rows, , classes] = shape;
  const logits = (4 * rows * classes) / MEBIBYTE;
  const ways = [
    // The gradient is finished beside the logits, which the layer has made.
    {
      name: "linear, then the loss",
      most: 2 * logits,
      loss: ({ x, w, b }: Layer, labels: Int32Array) => softmaxCrossEntropy(linear(x, w, b), { labels }),
    },
    ...budgets.map((budget) => ({
      name: `linearCrossEntropy, ${budget} MiB`,
      most: Math.min(budget, logits),
      loss: ({ x, w, b }: Layer, labels: Int32Array) =>
        linearCrossEntropy(x, w, b, { labels }, { maxBytes: budget * MEBIBYTE }),
    })),
  ];
  const ready = await Promise.all(ways.map(async (way) => ({ ...way, ...(await layerOn(variant, shape)) })));
  const runs = ready.map(({ device, params, labels, loss }) => () => {
    const step = device.scope();
    step.valueAndGrad((p) => loss(p, labels), params);
    step.dispose();
  });
  const held = ready.map(({ device }) => device.memory().reservedBytes ?? 0);
  const times = await interleave(runs, { rounds, sampleMs: 1 });
  const lines = await Promise.all(
    ready.map(async ({ name, most, device, params, labels, loss }, i) => {
      const { median, least } = spread(times[i]!);
      const ratio = ratios(times[i]!, times[0]!);
      const grown = ((device.memory().reservedBytes ?? 0) - held[i]!) / MEBIBYTE;
      const found = await lossOn(device, () => loss(params, labels));
      return [
        name,
        `${most} MiB`,
        `${threeDigits(grown)} MiB`,
        `${threeDigits(median)} [${threeDigits(least)}]`,
        `${ratio.median.toFixed(2)} [${ratio.lower.toFixed(2)}–${ratio.upper.toFixed(2)}]`,
        String(found),
      ];
    }),
  );
  for (const { device } of ready) await device.close();
  return table([`${variant}`, "logits", "memory grown by", "ms, median [least]", "of the first", "loss"], lines);
}

function lossOn(device: Device, loss: () => Tensor): Promise<number> {
  return device.scoped((step) => step.borrow(loss()).item());
}
