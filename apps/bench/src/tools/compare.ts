// One loop, the fused loss by labels, out of three tools: how fast, how large.
//   pnpm --filter @surprisal/bench tools [--rounds N]
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { randomNumbers } from "@surprisal/conformance";
import { interleave } from "../interleave.ts";
import { load, machine } from "../machine.ts";
import { ratios, spread } from "../statistics.ts";
import { table, threeDigits } from "../table.ts";
import { command, wholeNumber } from "../usage-error.ts";
import { type Compiled, fromAssemblyScript, fromC, fromText } from "./compile.ts";

const shapes = [
  [128, 10],
  [1024, 100],
  [1024, 1000],
  [256, 50_257],
] as const;

await command(async () => {
  const { values } = parseArgs({ options: { rounds: { type: "string", default: "31" } } });
  const rounds = wholeNumber("--rounds", values.rounds, 1);
  const tools = [await fromAssemblyScript(), await fromText(), fromC()].filter((tool) => tool !== undefined);
  if (tools.length < 3) console.log("C is left out: there is no clang and wasm-ld here.\n");

  const { cpu, cores, node, v8 } = machine();
  console.log(`${cpu} (${cores} cores), Node ${node} (V8 ${v8}), ${rounds} rounds, load ${load().toFixed(1)}.\n`);
  const rows = tools.map(({ tool, bytes, lines }) => [tool, String(lines), String(bytes.length), gzipped(bytes)]);
  for (const [count, classes] of shapes) {
    const cells = await compare(tools, count, classes, rounds);
    for (const [i, cell] of cells.entries()) rows[i]!.push(cell);
  }
  const titles = ["", "lines", "bytes", "gzipped", ...shapes.map(([count, classes]) => `${count} × ${classes}`)];
  console.log(table(titles, rows));
  console.log("\nThe first line in ns a logit, the others as multiples of its time, median [quartiles] of the rounds.");
});

type Fused = (
  x: number,
  labels: number,
  g: number,
  loss: number,
  rows: number,
  classes: number,
  upstream: number,
) => void;

async function compare(
  tools: readonly Compiled[],
  rows: number,
  classes: number,
  rounds: number,
): Promise<readonly string[]> {
  const length = rows * classes;
  const memory = new WebAssembly.Memory({ initial: Math.ceil((length * 8 + rows * 8) / 65_536) + 3, maximum: 65_536 });
  const labels = 65_536;
  const loss = labels + 64 * Math.ceil(rows / 16);
  const x = loss + 64 * Math.ceil(rows / 16);
  const g = x + 64 * Math.ceil(length / 16);
  const random = randomNumbers("tools", rows, classes);
  const logits = new Float32Array(memory.buffer, x, length);
  for (let i = 0; i < length; i++) logits[i] = 3 * random.normal();
  const targets = new Int32Array(memory.buffer, labels, rows);
  for (let i = 0; i < rows; i++) targets[i] = random.integer(classes);

  const imports = { env: { memory }, math: { exp: Math.exp, log: Math.log } };
  const runs = tools.map(({ bytes }) => {
    const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), imports);
    const fused = instance.exports.fused as Fused;
    return () => fused(x, labels, g, loss, rows, classes, 1 / rows);
  });
  let bits: string | undefined;
  for (const [i, run] of runs.entries()) {
    run();
    const found = Buffer.from(memory.buffer, loss, g - loss + length * 4).toString("latin1");
    if (bits !== undefined && found !== bits)
      throw new Error(`${tools[i]!.tool} does not give the bits of ${tools[0]!.tool}`);
    bits = found;
  }
  const samples = await interleave(runs, { rounds, sampleMs: 15 });
  return samples.map((sample, i) => {
    if (i === 0) return `${threeDigits((spread(sample).median * 1e6) / length)} ns`;
    const { median, lower, upper } = ratios(sample, samples[0]!);
    return `${threeDigits(median)} [${threeDigits(lower)}–${threeDigits(upper)}]`;
  });
}

function gzipped(bytes: Uint8Array): string {
  return String(gzipSync(bytes, { level: 9 }).length);
}
