import { type Tensor, youngestRegion } from "../tensor.ts";
import { opaque } from "./opaque.ts";
import { gradientsOf } from "./recorded.ts";
import { overTensors, tensorsOf } from "./structure.ts";

/**
 * The same function with less memory: `checkpoint(f)(params)` keeps nothing of what f computes on the way, and its gradient
 * runs f again (Chen et al. 2016; `torch.utils.checkpoint`, `jax.checkpoint`).
 *
 * ```ts
 * const block = checkpoint(({ x, w }) => gelu(matmul(x, w)));
 * const y = block({ x, w });
 * ```
 *
 * What is to be differentiated is among the parameters: a tensor, array or record of them. `f` is synchronous, and computes
 * the same whenever it is called: random masks made from keys do. Differentiable to any order; it nests.
 * @throws GradientError if `f` reads a tensor that is differentiated and not among the parameters
 */
export function checkpoint<P extends object>(f: (params: P) => Tensor): (params: P) => Tensor {
  const op = "checkpoint";
  return (params) => {
    const run = overTensors(op, f, params);
    return opaque(op, run, tensorsOf(op, params), (g, inputs, _, wanted) => {
      const sources = inputs.filter((_input, i) => wanted[i]);
      const withSources = (own: readonly Tensor[]): Tensor => {
        let next = 0;
        return run(inputs.map((input, i) => (wanted[i] ? own[next++]! : input)));
      };
      const { value, gradients } = gradientsOf(op, youngestRegion([...inputs, g]), withSources, sources, g);
      value.dispose();
      let next = 0;
      return inputs.map((_input, i) => {
        const gradient = wanted[i] ? gradients[next++] : undefined;
        return gradient && (() => gradient);
      });
    });
  };
}
