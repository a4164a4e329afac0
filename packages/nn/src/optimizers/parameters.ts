import { type Parameter, parameterLike, tensorsOf, ValueError } from "@surprisal/core";
import { mapTensors } from "./map-tensors.ts";

/** The parameters of a structure, after checking that they can be written. */
export function parametersOf(op: string, params: object): Parameter[] {
  return tensorsOf(op, params).map((tensor) => {
    if (!tensor.mutable) {
      throw new ValueError(`${op}: ${String(tensor)} cannot be trained: make it with device.parameter(values)`);
    }
    return tensor as Parameter;
  });
}

/** Parameters of zeros in the structure of others: what an optimizer remembers of each. */
export function zerosLike(op: string, params: object): object {
  return mapTensors(op, params, (tensor) => parameterLike(tensor as Parameter));
}
