import { gpujs } from "@surprisal/backend-gpujs";
import {
  add,
  type BackendProvider,
  type Device,
  isSurprisalError,
  matmul,
  openDevice,
  softmaxCrossEntropy,
  type Tensor,
} from "@surprisal/core";
import { sgd } from "@surprisal/nn";

export type Mode = "webgl2" | "webgpu";

/** What became of a promise: its numbers, or its error. */
export type Ending = readonly number[] | Error;

const ROWS = 4;
const FEATURES = 5;
const CLASSES = 3;
const numbers = (length: number, step: number): Float32Array =>
  Float32Array.from({ length }, (_, i) => Math.sin(step * (i + 1)));

/** A small model on a device, which computes and reads. */
export function model(device: Device) {
  const x = device.tensor(numbers(ROWS * FEATURES, 0.7), [ROWS, FEATURES]);
  const params = {
    w: device.parameter(numbers(FEATURES * CLASSES, 1.3), [FEATURES, CLASSES]),
    b: device.parameter(numbers(CLASSES, 0.3), [CLASSES]),
  };
  const optimizer = sgd(params, { learningRate: 0.5, momentum: 0.9 });
  const loss = ({ w, b }: { w: Tensor; b: Tensor }) =>
    softmaxCrossEntropy(add(matmul(x, w), b), { labels: [2, 0, 1, 2] });
  return {
    params,
    /** One step of training; its loss. */
    step: () =>
      device.scoped(async (scope) => {
        const { value, gradients } = scope.valueAndGrad(loss, params);
        optimizer.update(gradients);
        return [await value.item()];
      }),
  };
}

/** Opens, trains two steps, reads and closes. Nothing here rejects: each promise's ending is an entry. */
export async function runProgram(provider: BackendProvider): Promise<Map<string, Ending>> {
  const endings = new Map<string, Ending>();
  const note = async (name: string, promise: Promise<readonly number[]>): Promise<void> => {
    endings.set(name, await within(name, promise).catch(asError));
  };
  const device = await within("open", openDevice([provider])).catch(asError);
  if (device instanceof Error) return endings.set("open", device);
  try {
    const { params, step } = model(device);
    await note("loss 1", step());
    const second = note("loss 2", step());
    const weights = note("weights", params.w.data().then(Array.from<number>));
    await Promise.all([second, weights, note("bias", params.b.data().then(Array.from<number>))]);
  } catch (error) {
    endings.set("a call", asError(error));
  }
  await note(
    "close",
    device.close().then(() => []),
  );
  return endings;
}

const undisturbedRuns = new Map<Mode, ReturnType<typeof runProgram>>();

/** What the program comes to where nothing happens to it: it runs once a page. */
export async function undisturbed(mode: Mode): Promise<ReadonlyMap<string, Ending>> {
  const running = undisturbedRuns.get(mode) ?? runProgram(provider(mode));
  undisturbedRuns.set(mode, running);
  const endings = await running;
  for (const ending of endings.values()) if (ending instanceof Error) throw ending;
  return endings;
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(`no Error: ${error}`));

const LONGEST = 20_000;

/** `promise`, or an error of no type where it does not end. */
export function within<T>(name: string, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${name} did not end within ${LONGEST} ms`)), LONGEST);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** What is wrong with a disturbed run: an ending that is neither the undisturbed one, bit by bit, nor a typed error. */
export function wrongEndings(found: ReadonlyMap<string, Ending>, expected: ReadonlyMap<string, Ending>): string[] {
  return [...found].flatMap(([name, ending]) => {
    if (ending instanceof Error) {
      return isSurprisalError(ending) ? [] : [`${name}: an error without a type: ${ending.stack}`];
    }
    const right = expected.get(name) as readonly number[];
    return ending.length === right.length && ending.every((value, i) => Object.is(value, right[i]))
      ? []
      : [`${name}: ${ending} instead of ${right}`];
  });
}

export const failed = (endings: ReadonlyMap<string, Ending>): boolean =>
  [...endings.values()].some((ending) => ending instanceof Error);

export const provider = (mode: Mode): BackendProvider => gpujs({ mode });
