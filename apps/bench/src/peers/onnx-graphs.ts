import { type OnnxConstant, type OnnxGraph, type OnnxNode, type OnnxTensor, onnxModel } from "./onnx-model.ts";

const float = (name: string, ...shape: number[]): OnnxTensor => ({ name, type: "float", shape });
const int64 = (name: string, ...shape: number[]): OnnxTensor => ({ name, type: "int64", shape });
const node = (
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes?: OnnxNode["attributes"],
): OnnxNode => ({ op, inputs, outputs, ...(attributes && { attributes }) });
const filled = (name: string, shape: readonly number[], value: number): OnnxConstant => ({
  name,
  shape,
  values: new Float32Array(shape.reduce((product, size) => product * size, 1)).fill(value),
});

/** ONNX' own loss: it has labels, and no gradient. */
export function lossModel(rows: number, classes: number): Uint8Array {
  return onnxModel({
    nodes: [node("SoftmaxCrossEntropyLoss", ["z", "labels"], ["loss"])],
    inputs: [float("z", rows, classes), int64("labels", rows)],
    outputs: [float("loss")],
  });
}

/** −mean log p_y and p − one-hot over rows, from logits `z` and labels as a column. */
function lossAndGradientByLabels(rows: number): Pick<OnnxGraph, "nodes"> & { constants: OnnxConstant[] } {
  return {
    nodes: [
      node("Softmax", ["z"], ["p"], { axis: -1 }),
      node("GatherElements", ["p", "labels"], ["p_y"], { axis: 1 }),
      node("Log", ["p_y"], ["log_p_y"]),
      node("ReduceMean", ["log_p_y"], ["mean"], { keepdims: 0 }),
      node("Neg", ["mean"], ["loss"]),
      node("ScatterElements", ["p", "labels", "minus_one"], ["difference"], { axis: 1, reduction: "add" }),
      node("Mul", ["difference", "share"], ["gradient"]),
    ],
    constants: [filled("minus_one", [rows, 1], -1), filled("share", [], 1 / rows)],
  };
}

/** The gradient that ONNX does not have, composed: softmax, with 1 taken off at the labels. */
export function fusedModel(rows: number, classes: number): Uint8Array {
  return onnxModel({
    ...lossAndGradientByLabels(rows),
    inputs: [float("z", rows, classes), int64("labels", rows, 1)],
    outputs: [float("loss"), float("gradient", rows, classes)],
  });
}

/** The same by probabilities, a row's products added by themselves: one long sum in float32 is off by up to a percent. */
export function softModel(rows: number, classes: number): Uint8Array {
  return onnxModel({
    nodes: [
      node("LogSoftmax", ["z"], ["log_p"], { axis: -1 }),
      node("Mul", ["log_p", "q"], ["products"]),
      node("ReduceMean", ["products"], ["of_rows"], { axes: [-1], keepdims: 0 }),
      node("ReduceMean", ["of_rows"], ["of_all"], { keepdims: 0 }),
      node("Mul", ["of_all", "minus_classes"], ["loss"]),
      node("Exp", ["log_p"], ["p"]),
      node("Sub", ["p", "q"], ["difference"]),
      node("Mul", ["difference", "share"], ["gradient"]),
    ],
    inputs: [float("z", rows, classes), float("q", rows, classes)],
    outputs: [float("loss"), float("gradient", rows, classes)],
    constants: [filled("share", [], 1 / rows), filled("minus_classes", [], -classes)],
  });
}

export function productModel(m: number, k: number, n: number): Uint8Array {
  return onnxModel({
    nodes: [node("MatMul", ["a", "b"], ["c"])],
    inputs: [float("a", m, k), float("b", k, n)],
    outputs: [float("c", m, n)],
  });
}

/** A linear layer, its loss and all gradients. */
export function linearLossModel(rows: number, inputs: number, classes: number): Uint8Array {
  const { nodes, constants } = lossAndGradientByLabels(rows);
  return onnxModel({
    nodes: [
      node("Gemm", ["x", "w", "b"], ["z"]),
      ...nodes,
      node("Gemm", ["gradient", "w"], ["dx"], { transB: 1 }),
      node("Gemm", ["x", "gradient"], ["dw"], { transA: 1 }),
      node("MatMul", ["ones", "gradient"], ["db"]),
    ],
    inputs: [float("x", rows, inputs), float("w", inputs, classes), float("b", classes), int64("labels", rows, 1)],
    outputs: [float("loss"), float("dx", rows, inputs), float("dw", inputs, classes), float("db", 1, classes)],
    constants: [...constants, filled("ones", [1, rows], 1)],
  });
}
