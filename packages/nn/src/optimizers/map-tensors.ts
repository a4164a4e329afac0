import { type Like, type Tensor, tensorsOf } from "@surprisal/core";

/** The same structure with other tensors in it, in the order of core's `tensorsOf`. */
export function mapTensors<T extends object>(op: string, structure: T, f: (tensor: Tensor) => Tensor): Like<T> {
  const visit = (item: object): unknown => {
    const [first, ...rest] = tensorsOf(op, item);
    if (rest.length === 0 && Object.is(first, item)) return f(first!);
    if (Array.isArray(item)) return item.map(visit);
    return Object.fromEntries(Object.entries(item).map(([name, child]) => [name, visit(child as object)]));
  };
  // The recursion keeps the arrangement, which TypeScript cannot follow.
  return visit(structure) as Like<T>;
}
