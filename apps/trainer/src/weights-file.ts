import { open, stat } from "node:fs/promises";
import { isSurprisalError } from "@surprisal/core";
import { decodeSafetensors, encodeSafetensors, type Safetensors, type StateDict } from "@surprisal/nn";
import { NORMALISATION } from "./data/pixels.ts";
import { writeAtomically } from "./write-atomically.ts";

/** What a weights file tells besides the weights. */
interface WeightsOrigin {
  /** The data's name, and the seed, which decides over drawn data. */
  readonly data: string;
  readonly seed: number;
  readonly epochs: number;
  /** The build of the kernels that computed them. */
  readonly variant: string;
}

export interface Weights {
  readonly state: StateDict;
  /** `[784, 128, 10]`, as the tensors have it. */
  readonly widths: readonly number[];
  readonly origin: WeightsOrigin;
}

/** A file that holds no weights of this trainer. */
export class WeightsError extends Error {
  override readonly name = "WeightsError";
}

const FORMAT = "surprisal-trainer-1";
const MAX_BYTES = 2 ** 30;

/** Saves weights as safetensors, whole or not at all. */
export async function saveWeights(path: string, { state, widths, origin }: Weights): Promise<void> {
  const bytes = encodeSafetensors(state, {
    format: FORMAT,
    model: widths.join("-"),
    normalisation: NORMALISATION,
    data: origin.data,
    seed: String(origin.seed),
    epochs: String(origin.epochs),
    variant: origin.variant,
  });
  await writeAtomically(path, bytes);
}

/**
 * Reads what {@link saveWeights} wrote. The file is not trusted: the model is made from the tensors that are there, not from
 * what the file says of itself.
 * @throws WeightsError that names the file and what is wrong with it
 */
export async function loadWeights(path: string): Promise<Weights> {
  const { tensors, metadata } = decoded(path, await readWhole(path));
  if (metadata.format !== FORMAT) {
    const found = metadata.format === undefined ? "no format" : `the format "${metadata.format.slice(0, 40)}"`;
    throw new WeightsError(`${path}: has ${found} in its metadata, not "${FORMAT}"; give a file that train saved`);
  }
  if (metadata.normalisation !== NORMALISATION) {
    throw new WeightsError(
      `${path}: was trained on pixels as "${String(metadata.normalisation).slice(0, 40)}", and this reads "${NORMALISATION}"`,
    );
  }
  return { ...checkedTensors(path, tensors), origin: originOf(path, metadata) };
}

async function readWhole(path: string): Promise<Uint8Array> {
  try {
    const found = await stat(path);
    // Asked before opening, because opening a pipe waits for somebody to write to it.
    if (!found.isFile()) throw new Error("it is a folder, a pipe or a device");
    if (found.size > MAX_BYTES) throw new Error(`it has ${found.size} bytes, more than ${MAX_BYTES}`);
    const file = await open(path, "r");
    try {
      return await file.readFile();
    } finally {
      await file.close();
    }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new WeightsError(`${path}: cannot be read (${reason}); give a file that train saved`, { cause });
  }
}

function decoded(path: string, bytes: Uint8Array): Safetensors {
  try {
    return decodeSafetensors(bytes);
  } catch (cause) {
    if (!isSurprisalError(cause)) throw cause;
    throw new WeightsError(
      `${path}: ${cause.message.replace("decodeSafetensors: ", "")}; it is damaged or no weights file`,
      {
        cause,
      },
    );
  }
}

/** Dense layers that fit one another, `0.w`, `0.b`, `2.w`, `2.b` …, of finite numbers. */
function checkedTensors(path: string, tensors: Safetensors["tensors"]): Omit<Weights, "origin"> {
  const state: Record<string, StateDict[string]> = {};
  const widths: number[] = [];
  const layers = Math.max(1, Object.keys(tensors).length / 2);
  for (let layer = 0; layer < layers; layer++) {
    for (const name of [`${2 * layer}.w`, `${2 * layer}.b`]) {
      const { data, shape } = tensors[name] ?? wrong(path, `there is no "${name}"`);
      const inputs = name.endsWith("w") ? [widths.at(-1) ?? shape[0]!] : [];
      const units = name.endsWith("w") ? (shape[1] ?? 0) : widths.at(-1)!;
      if (units < 1 || shape.join() !== [...inputs, units].join()) {
        wrong(path, `"${name}" is [${shape.join(", ")}], and follows [${widths.join(", ")}]`);
      }
      if (!(data instanceof Float32Array || data instanceof Float64Array)) wrong(path, `"${name}" holds whole numbers`);
      if (!data.every(Number.isFinite)) wrong(path, `"${name}" holds NaN or infinity`);
      if (name.endsWith("w")) widths.push(...(layer === 0 ? shape : [units]));
      state[name] = { data, shape };
    }
  }
  return { state, widths };
}

function originOf(path: string, metadata: Safetensors["metadata"]): WeightsOrigin {
  const count = (name: string): number => {
    const number = /^\d{1,16}$/.test(metadata[name] ?? "") ? Number(metadata[name]) : Number.NaN;
    if (!Number.isSafeInteger(number)) wrong(path, `its ${name} is no whole number`);
    return number;
  };
  const text = (name: string): string => (metadata[name] ?? "unknown").slice(0, 100);
  return { data: text("data"), seed: count("seed"), epochs: count("epochs"), variant: text("variant") };
}

function wrong(path: string, what: string): never {
  throw new WeightsError(`${path}: is no digit classifier: ${what}; give a file that train saved`);
}
