import { type Axis, moved } from "./moved-box.ts";
import { addressOf, type KernelTable, type Phase } from "./phase.ts";

/** An axis of `y`, whose window reads `x`. */
interface WindowedAxis extends Axis {
  readonly begin: number;
  readonly end: number;
}

/**
 * The window of `y` is one box that is moved from `x`. What lies around it is cut into two boxes an axis, before and
 * behind the window, which are moved from the background, or from the zero at address 0 where no tensor is.
 */
export const rearrange: KernelTable["rearrange"] = ({ y }, { x, background }, { dims, strides, offset, from, to }) => {
  const axes: WindowedAxis[] = []; // from the last to the first
  let size = 1;
  let source = offset;
  let target = 0;
  let isWhole = true;
  let isEmpty = false;
  for (let i = dims.length - 1; i >= 0; i--) {
    const axis = { length: dims[i]!, to: size, from: strides[i]!, begin: from[i]!, end: to[i]! };
    axes.push(axis);
    source += axis.begin * axis.from;
    target += axis.begin * axis.to;
    isWhole &&= axis.begin === 0 && axis.end === axis.length;
    isEmpty ||= axis.end <= axis.begin;
    size *= axis.length;
  }
  if (size === 0) return [];
  if (isWhole) return [moved(y.address, x.address + 4 * source, axes)];
  const behind = addressOf(background);
  const around = behind === y.address ? [] : surroundings(y.address, behind, axes, isEmpty);
  return isEmpty ? around : [...around, moved(y.address + 4 * target, x.address + 4 * source, axes.map(windowOf))];
};

/** The elements of `y` outside of the window, from where they stand in the background (address 0: there is none). */
function surroundings(y: number, background: number, axes: readonly WindowedAxis[], isEmpty: boolean): Phase[] {
  const box = axes.map(({ length, to }): Axis => ({ length, to, from: background === 0 ? 0 : to }));
  if (isEmpty) return [moved(y, background, box)];
  const phases: Phase[] = [];
  // Along the axes behind axis i everything, along those before it the window.
  let corner = 0;
  for (let i = axes.length - 1; i >= 0; i--) {
    const { begin, end, length, to } = axes[i]!;
    const { from } = box[i]!;
    const part = (start: number, stop: number): void => {
      if (start >= stop) return;
      box[i] = { length: stop - start, to, from };
      const first = 4 * (corner + start * to);
      phases.push(moved(y + first, background === 0 ? 0 : background + first, box));
    };
    part(0, begin);
    part(end, length);
    box[i] = { length: end - begin, to, from };
    corner += begin * to;
  }
  return phases;
}

function windowOf({ begin, end, to, from }: WindowedAxis): Axis {
  return { length: end - begin, to, from };
}
