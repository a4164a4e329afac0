/**
 * In how many parts a long axis is folded, side by side, before the parts are: about √length, a power of two. A thread for
 * each row would leave a GPU idle where rows are few and long, and its draw may run into the driver's time limit.
 */
export function partsOf(length: number): number {
  return length <= 128 ? 1 : 2 ** Math.round(Math.log2(length) / 2);
}
