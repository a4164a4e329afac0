// Generated from assembly/ by scripts/build-kernels.mjs. Do not edit.
/** The functions that the kernel modules export. */
export type WasmFunction =
  | "fusesMultiplyAdd"
  | "gatherRows"
  | "moveBox"
  | "multiplyPanels"
  | "multiplyRows"
  | "multiplyTransposed"
  | "packPanels"
  | "scatterAddRows"
  | "softmaxCrossEntropyLanes"
  | "softmaxCrossEntropyRows"
  | "sumOfRows";
