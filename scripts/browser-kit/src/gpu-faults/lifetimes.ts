import { type Device, openDevice } from "@surprisal/core";
import { contexts, liveObjects } from "./gpu-objects.ts";
import {
  type Ending,
  failed,
  type Mode,
  model,
  provider,
  runProgram,
  undisturbed,
  within,
  wrongEndings,
} from "./program.ts";

interface Finding {
  readonly problems: string[];
  readonly note: string;
}

/** Opens, computes and closes, `times` times. */
export async function cycles(mode: Mode, times: number): Promise<Finding> {
  const problems: string[] = [];
  const expected = await undisturbed(mode);
  for (let i = 0; i < times; i++) {
    problems.push(...wrongEndings(await runProgram(provider(mode)), expected));
    if (liveObjects().total > 0) problems.push(`cycle ${i}: ${JSON.stringify(liveObjects())} left alive`);
  }
  // gpu.js keeps the one on which it looked what there is.
  const open = contexts.filter((gl) => !gl.isContextLost()).length;
  if (open > 1) problems.push(`${open} of ${contexts.length} contexts were not given back`);
  return { problems, note: `${times} cycles` };
}

/** Trains, and looks at what is alive on the way. */
export async function manySteps(mode: Mode, steps: number): Promise<Finding> {
  const device = await openDevice([provider(mode)]);
  const { step } = model(device);
  const counts: string[] = [];
  for (let i = 1; i <= steps; i++) {
    const [loss] = await step();
    if (!Number.isFinite(loss)) throw new Error(`step ${i}: the loss is ${loss}`);
    if (i === 20 || i % Math.ceil(steps / 4) === 0) {
      counts.push(JSON.stringify({ handles: device.memory().handles, ...liveObjects() }));
    }
  }
  await device.close();
  const problems = new Set(counts).size > 1 ? [`what is alive grows: ${counts.join(" ")}`] : [];
  if (liveObjects().total > 0) problems.push(`alive after closing: ${JSON.stringify(liveObjects())}`);
  return { problems, note: `${steps} steps: ${counts.at(-1)}` };
}

/** More devices at once than a page may have contexts: the oldest are lost, and say so. */
export async function manyContexts(mode: Mode, count: number): Promise<Finding> {
  const expected = await undisturbed(mode);
  const devices: Device[] = [];
  for (let i = 0; i < count; i++) devices.push(await openDevice([provider(mode)]));
  const problems: string[] = [];
  let lost = 0;
  for (const [i, device] of devices.entries()) {
    // Core refuses the tensors of a lost device at once.
    const step = Promise.resolve().then(() => model(device).step());
    const first = await within("loss", step).catch((error: Error) => error);
    const endings = new Map<string, Ending>([["loss 1", first]]);
    if (failed(endings)) lost++;
    problems.push(...wrongEndings(endings, expected).map((problem) => `device ${i}: ${problem}`));
    await device.close().catch(() => {});
  }
  if (mode === "webgl2" && lost === 0) problems.push(`all ${count} contexts lived: the test shows nothing`);
  if (mode === "webgpu" && lost > 0) problems.push(`${lost} of ${count} were lost`);
  return { problems, note: `${count} at once, ${lost} lost` };
}

/** Closes while calls and reads are under way. */
export async function closeInFlight(mode: Mode): Promise<Finding> {
  const expected = await undisturbed(mode);
  const device = await openDevice([provider(mode)]);
  const { params, step } = model(device);
  const endings = new Map<string, Ending>();
  const note = (name: string, promise: Promise<readonly number[]>) =>
    within(name, promise)
      .catch((error: Error) => error)
      .then((ending) => endings.set(name, ending));
  const pending = [
    note("loss 1", step()),
    note("loss 2", step()),
    note("weights", params.w.data().then(Array.from<number>)),
    note("bias", params.b.data().then(Array.from<number>)),
    note(
      "close",
      device.close().then(() => []),
    ),
  ];
  await Promise.all(pending);
  const problems = wrongEndings(endings, expected);
  if (liveObjects().total > 0) problems.push(`alive after closing: ${JSON.stringify(liveObjects())}`);
  const rejected = [...endings].flatMap(([name, ending]) =>
    ending instanceof Error ? [`${name}: ${ending.message}`] : [],
  );
  return { problems, note: rejected.join(" | ") || "everything arrived" };
}
