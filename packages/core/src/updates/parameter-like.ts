import { Storage } from "../storage.ts";
import { type Parameter, Tensor } from "../tensor.ts";
import { writable } from "./assign.ts";

/** A parameter of zeros of the same shape and in the same scope as another: where an optimizer keeps its memory. */
export function parameterLike(parameter: Parameter): Parameter {
  const op = "parameterLike";
  writable(op, parameter);
  const { runtime, region, shape, size } = parameter;
  region.assertOpen(op);
  const storage = new Storage(op, runtime, "float", size, true);
  runtime.kernels.fill({ y: storage.handle }, {}, { value: 0, length: size });
  return new Tensor(storage, shape, region, true) as Parameter;
}
