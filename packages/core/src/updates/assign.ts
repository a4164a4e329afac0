import { ShapeError, ValueError } from "../errors.ts";
import { type HostValues, hostTensor } from "../host-values.ts";
import { runtimeOf } from "../ops/apply.ts";
import { sameShape, show } from "../shape.ts";
import { type Parameter, Tensor } from "../tensor.ts";

/**
 * Writes new numbers into a parameter, in place: host values, or another tensor of its shape. Gradients that were
 * recorded before and still need the old numbers throw StaleTensorError.
 * @throws ShapeError if the shapes differ
 */
export function assign(parameter: Parameter, values: HostValues | Tensor): void {
  const handle = writable("assign", parameter);
  const { shape } = values instanceof Tensor ? values : hostTensor("assign", values);
  if (!sameShape(shape, parameter.shape)) {
    throw new ShapeError(`assign: values ${show(shape)} do not have the parameter's shape ${show(parameter.shape)}`);
  }
  if (values instanceof Tensor) {
    const { kernels } = runtimeOf("assign", [parameter, values]);
    const source = values.handle("assign");
    if (values.storage === parameter.storage) return;
    kernels.unary({ y: handle }, { x: source }, { fn: "affine", alpha: 1, beta: 0, length: parameter.size });
  } else {
    parameter.runtime.write("assign", handle, hostTensor("assign", values).data);
  }
  parameter.storage.version++;
}

/** The handle of a parameter that is about to be written in place. */
export function writable(op: string, parameter: Tensor): unknown {
  runtimeOf(op, [parameter]);
  return checkedWritable(op, parameter);
}

/** The same of a tensor that is known to be alive. */
export function checkedWritable(op: string, parameter: Tensor): unknown {
  if (!parameter.mutable) {
    throw new ValueError(`${op}: ${String(parameter)} is immutable; only what device.parameter made can be written`);
  }
  return parameter.storage.handle;
}
