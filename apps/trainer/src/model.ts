import { dense, dropout, type Layer, sequential } from "@surprisal/nn";

/**
 * A perceptron of these widths, `[784, 128, 10]`: dense layers with relu and dropout between them, and a softmax at the
 * end. Its parameters are named `0.w`, `0.b`, `2.w`, `2.b` and so on, whatever the dropout.
 */
export function perceptron(widths: readonly number[], rate = 0): Layer {
  const [inputs, ...units] = widths as [number, ...number[]];
  return sequential(
    units.flatMap((count, i) => {
      const inputShape = i === 0 ? { inputShape: [inputs] } : {};
      if (i === units.length - 1) return [dense(count, { activation: "softmax", ...inputShape })];
      return [dense(count, { activation: "relu", ...inputShape }), dropout(rate)];
    }),
  );
}
