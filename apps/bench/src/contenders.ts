import type { AnyWorkload } from "./contender.ts";
import { jaxLinearLoss, jaxLoss, jaxProduct, jaxTraining } from "./peers/jax-js.ts";
import { onnxLinearLoss, onnxLoss, onnxProduct } from "./peers/onnxruntime.ts";
import type { PythonPeer } from "./peers/python.ts";
import {
  linearLossByApi,
  lossByApi,
  lossByKernel,
  productByApi,
  productByKernel,
  trainingByFit,
} from "./peers/surprisal.ts";
import { tfjsLinearLoss, tfjsLoss, tfjsLossByHand, tfjsProduct, tfjsTraining } from "./peers/tfjs.ts";
import { tfjsCpu, tfjsWasm } from "./peers/tfjs-node.ts";
import type { Variant } from "./subject.ts";
import { gemm } from "./workloads/gemm.ts";
import { linearLoss } from "./workloads/linear-loss.ts";
import { forwardLoss, fusedLoss, softLoss } from "./workloads/loss.ts";
import { training } from "./workloads/training.ts";

/** Who is timed at what, by the name of the part. */
export function workloadsOf(
  variants: readonly Variant[],
  pythons: readonly PythonPeer[],
): Readonly<Record<string, AnyWorkload>> {
  const labelled = [
    ...variants.map((variant) => lossByApi(variant)),
    ...variants.map(lossByKernel),
    tfjsLoss(tfjsWasm),
    tfjsLossByHand(tfjsWasm),
    tfjsLoss(tfjsCpu),
    jaxLoss("logSoftmax"),
    jaxLoss("logsumexp"),
    onnxLoss("web"),
    onnxLoss("node"),
    ...pythons.map(({ loss }) => loss),
  ];
  return {
    fused: fusedLoss(labelled),
    forward: forwardLoss(labelled),
    probabilities: softLoss([
      ...variants.map((variant) => lossByApi(variant)),
      ...variants.map((variant) => lossByApi(variant, "labels")),
      ...variants.map(lossByKernel),
      tfjsLoss(tfjsWasm),
      jaxLoss("logSoftmax"),
      jaxLoss("logsumexp"),
      onnxLoss("web"),
      onnxLoss("node"),
      ...pythons.map(({ loss }) => loss),
    ]),
    gemm: gemm([
      ...variants.map(productByApi),
      ...variants.map(productByKernel),
      tfjsProduct(tfjsWasm),
      tfjsProduct(tfjsCpu),
      jaxProduct(),
      onnxProduct("web"),
      onnxProduct("node"),
      ...pythons.map(({ product }) => product),
    ]),
    training: training([
      ...variants.map(trainingByFit),
      tfjsTraining(tfjsWasm),
      tfjsTraining(tfjsCpu),
      jaxTraining(),
      ...pythons.map(({ training }) => training),
    ]),
    linear: linearLoss([
      ...variants.map((variant) => linearLossByApi(variant, "one op")),
      ...variants.map((variant) => linearLossByApi(variant, "two ops")),
      tfjsLinearLoss(tfjsWasm),
      jaxLinearLoss(),
      onnxLinearLoss("web"),
      onnxLinearLoss("node"),
      ...pythons.map(({ linearLoss }) => linearLoss),
    ]),
  };
}
