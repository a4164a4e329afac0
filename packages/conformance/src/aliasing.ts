import type { BinaryParams, GemmParams, Strides3 } from "@surprisal/core";
import type { KernelName, Operands } from "./kernel-names.ts";

/** Whether the contract lets `output` of a kernel be the same handle as `input`. */
function mayAlias(name: KernelName, output: string, input: string, params: object): boolean {
  switch (name) {
    case "unary":
    case "select":
      return true;
    case "binary": {
      const { outer, axis, inner, aStrides, bStrides } = params as BinaryParams;
      return isContiguous(input === "a" ? aStrides : bStrides, [outer, axis, inner]);
    }
    case "rearrange":
      return input === "background";
    case "softmaxCrossEntropy":
      return output === "gradient" && input === "logits";
    case "sgd":
    case "adamw":
      return output === input;
    default:
      return false;
  }
}

/** The outputs that a call reads before it writes them: they keep what they hold. */
export function readsItself(name: KernelName, params: object): readonly string[] {
  if (name === "gemm" && (params as GemmParams).accumulate) return ["c"];
  if (name === "sgd") return ["parameter", "velocity"];
  if (name === "adamw") return ["parameter", "mean", "variance"];
  return [];
}

/** What is wrong with the aliasing of a call, or undefined. */
export function aliasingFault<H>(
  name: KernelName,
  outputs: Operands<H>,
  inputs: Operands<H>,
  params: object,
): string | undefined {
  const seen = new Map<H, string>();
  for (const [output, handle] of Object.entries(outputs)) {
    if (handle === undefined) continue;
    const twin = seen.get(handle);
    if (twin !== undefined) return `${name}: the outputs ${twin} and ${output} are one handle`;
    seen.set(handle, output);
    for (const [input, other] of Object.entries(inputs)) {
      if (other === handle && !mayAlias(name, output, input, params)) {
        return `${name}: ${output} may not be the same handle as ${input}`;
      }
    }
    const inPlace = (name === "sgd" || name === "adamw") && inputs[output] !== handle;
    if (inPlace) return `${name}: the output ${output} must be the same handle as the input ${output}`;
  }
  return undefined;
}

/** Axes of length 1 have no stride to speak of. */
function isContiguous(strides: Strides3, sizes: Strides3): boolean {
  const [outer, axis, inner] = sizes;
  const contiguous = [axis * inner, inner, 1];
  return outer * axis * inner === 0 || strides.every((stride, i) => sizes[i] === 1 || stride === contiguous[i]);
}
