import type { HostArray, RequiredKernels } from "@surprisal/core";

export const rearrange: RequiredKernels<HostArray>["rearrange"] = ({ y }, { x, background }, params) => {
  const { dims, strides, offset, from, to } = params;
  if (background === undefined) y.fill(0);
  else if (background !== y) y.set(background);

  const last = dims.length - 1;
  /** Fills the part of y whose coordinates before `axis` have the flat index `prefix`; they lead to x[source]. */
  const visit = (axis: number, prefix: number, source: number): void => {
    const first = prefix * dims[axis]!;
    const stride = strides[axis]!;
    const end = to[axis]!;
    for (let d = from[axis]!; d < end; d++) {
      if (axis === last) y[first + d] = x[source + d * stride]!;
      else visit(axis + 1, first + d, source + d * stride);
    }
  };
  visit(0, 0, offset);
};
