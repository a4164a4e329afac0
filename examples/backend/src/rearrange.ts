import type { Kernel } from "./numbers.ts";

export const rearrange: Kernel<"rearrange"> = ({ y }, { x, background }, { dims, strides, offset, from, to }) => {
  if (background === undefined) y.fill(0);
  else y.set(background);
  const length = dims.reduce((a, b) => a * b, 1);
  for (let flat = 0; flat < length; flat++) {
    let rest = flat;
    let source = offset;
    let inside = true;
    for (let i = dims.length - 1; i >= 0; i--) {
      const d = rest % dims[i]!;
      rest = Math.floor(rest / dims[i]!);
      source += d * strides[i]!;
      inside &&= from[i]! <= d && d < to[i]!;
    }
    if (inside) y[flat] = x[source]!;
  }
};
