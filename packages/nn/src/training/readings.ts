/** Numbers that were asked for and have not come yet: read in order, later, so that no step waits for its own. */
export interface Readings<T> {
  add(numbers: readonly Promise<number>[], of: T): void;
  /** Waits for the oldest, if more than `left` are under way. */
  next(left: number): Promise<{ readonly numbers: readonly number[]; readonly of: T } | undefined>;
}

export function readings<T>(): Readings<T> {
  const underWay: { numbers: Promise<number[]>; of: T }[] = [];
  return {
    add(numbers, of) {
      const all = Promise.all(numbers);
      // Where training stops before they are read, nobody is left to be told.
      all.catch(() => {});
      underWay.push({ numbers: all, of });
    },
    async next(left) {
      if (underWay.length <= left) return undefined;
      const { numbers, of } = underWay.shift()!;
      return { numbers: await numbers, of };
    },
  };
}
