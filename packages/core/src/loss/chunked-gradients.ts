import { gradientsOf } from "../gradients/recorded.ts";
import { runtimeOf } from "../ops/apply.ts";
import { add } from "../ops/arithmetic.ts";
import { concat } from "../ops/slice.ts";
import { record } from "../recording.ts";
import { Region, type Tensor, youngestRegion } from "../tensor.ts";
import { type RowChunk, rowsOf } from "./row-chunks.ts";

/** A function of tensors of which some are cut by rows, computed chunk by chunk of them. */
export interface ChunkedFunction {
  readonly op: string;
  readonly chunks: readonly RowChunk[];
  /** Whether an input is cut by its first axis; else every chunk sees it whole. */
  readonly cut: readonly boolean[];
  /** Whether the result is cut: else the results of the chunks are added up. */
  readonly cutsResult: boolean;
  /** Its value for a chunk. */
  readonly of: (inputs: readonly Tensor[], chunk: RowChunk) => Tensor;
}

/**
 * The gradients of ⟨f(inputs), cotangent⟩ by those of the inputs that are wanted. Every chunk is computed again and
 * forgotten; so are the derivatives of these gradients, which are chunked functions too, and theirs.
 */
export function chunkedGradients(
  f: ChunkedFunction,
  inputs: readonly Tensor[],
  cotangent: Tensor,
  wanted: readonly boolean[],
): readonly (Tensor | undefined)[] {
  const all = [...inputs, cotangent];
  const gradients = unrecorded(f, all, wanted);
  return gradients.map((gradient, i) =>
    gradient === undefined
      ? undefined
      : record(all, gradient, (v, own, _, next) => {
          const found = chunkedGradients(gradientFunction(f, i), own, v, next);
          return found.map((tensor) => tensor && (() => tensor));
        }),
  );
}

/** The gradient by input i as a function of the inputs and the cotangent. */
export function gradientFunction(f: ChunkedFunction, i: number): ChunkedFunction {
  return {
    ...f,
    cut: [...f.cut, f.cutsResult],
    cutsResult: f.cut[i]!,
    of(tensors, chunk) {
      const inputs = tensors.slice(0, -1);
      return gradientsIn(youngestRegion(tensors), f, inputs, tensors.at(-1)!, chunk, [i])[0]!;
    },
  };
}

function gradientsIn(
  region: Region,
  { op, of }: ChunkedFunction,
  inputs: readonly Tensor[],
  cotangent: Tensor,
  chunk: RowChunk,
  by: readonly number[],
): readonly Tensor[] {
  const replaced = (own: readonly Tensor[]): Tensor[] =>
    inputs.map((input, i) => (by.includes(i) ? own[by.indexOf(i)]! : input));
  const sources = by.map((i) => inputs[i]!);
  const { value, gradients } = gradientsOf(op, region, (own) => of(replaced(own), chunk), sources, cotangent);
  value.dispose();
  return gradients;
}

/** The gradients, put together from those of the chunks. */
function unrecorded(
  f: ChunkedFunction,
  all: readonly Tensor[],
  wanted: readonly boolean[],
): readonly (Tensor | undefined)[] {
  const by = f.cut.flatMap((_, i) => (wanted[i] ? [i] : []));
  const result: (Tensor | undefined)[] = f.cut.map(() => undefined);
  if (by.length === 0) return result;
  const runtime = runtimeOf(f.op, all);
  const target = youngestRegion(all);
  const whole = new Region(runtime, target);
  const pieces: Tensor[][] = f.cut.map(() => []);
  try {
    for (const chunk of f.chunks) {
      const part = new Region(runtime, whole);
      try {
        const here = all.map((tensor, i) =>
          (f.cut[i] ?? f.cutsResult) ? rowsOf(f.op, tensor, chunk, part) : tensor.alias(f.op, part),
        );
        const gradients = gradientsIn(part, f, here.slice(0, -1), here.at(-1)!, chunk, by);
        for (const [n, i] of by.entries()) {
          const before = f.cut[i] ? undefined : pieces[i]!.pop();
          const piece = before === undefined ? gradients[n]! : add(before, gradients[n]!);
          piece.moveTo(whole);
          before?.dispose();
          pieces[i]!.push(piece);
        }
      } finally {
        part.end();
      }
    }
    for (const i of by) {
      result[i] = pieces[i]!.length === 1 ? pieces[i]![0]! : concat(pieces[i]!);
      result[i].moveTo(target);
    }
    return result;
  } finally {
    whole.end();
  }
}
