type Operands = Readonly<Record<string, unknown>>;

/** Whether a call reads what it overwrites. */
export function overwritesOperand(kernel: string, outputs: Operands, inputs: Operands, params: unknown): boolean {
  if (kernel === "gemm" && (params as { accumulate: boolean }).accumulate) return true;
  const read = Object.values(inputs);
  return Object.values(outputs).some((output) => output !== undefined && read.includes(output));
}
