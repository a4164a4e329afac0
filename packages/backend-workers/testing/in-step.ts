import type { Backend, BackendProvider, HostArray, Kernels } from "@surprisal/core";

interface Pair {
  readonly one: unknown;
  readonly other: unknown;
}

/** Two backends as one, which does everything on both and rejects a read whose bits are not the same. */
export function inStep(first: BackendProvider, second: BackendProvider): BackendProvider {
  return {
    name: `${second.name} in step with ${first.name}`,
    async open(options) {
      return paired(await first.open(options), await second.open(options)) as Backend;
    },
  };
}

function paired(first: Backend, second: Backend): Backend<Pair> {
  type Run = (outputs: object, inputs: object, params: object) => void;
  const half = (side: keyof Pair, operands: object) =>
    Object.fromEntries(Object.entries(operands).map(([name, pair]) => [name, (pair as Pair | undefined)?.[side]]));
  const kernels = Object.fromEntries(
    (Object.entries(first.kernels) as [keyof Kernels, Run][]).map(([name, run]): [string, Run] => [
      name,
      (outputs, inputs, params) => {
        run(half("one", outputs), half("one", inputs), params);
        (second.kernels[name] as Run)(half("other", outputs), half("other", inputs), params);
      },
    ]),
  ) as unknown as Kernels<Pair>;
  return {
    facts: second.facts,
    kernels,
    alloc: (kind, length) => ({ one: first.alloc(kind, length), other: second.alloc(kind, length) }),
    free({ one, other }) {
      first.free(one);
      second.free(other);
    },
    write({ one, other }, data) {
      first.write(one, data);
      second.write(other, data);
    },
    async read({ one, other }) {
      const [expected, found] = await Promise.all([first.read(one), second.read(other)]);
      sameBits(expected, found);
      return found;
    },
    async close() {
      await Promise.all([first.close(), second.close()]);
    },
  };
}

/** @throws Error that names the first element whose bits differ; a NaN is a NaN, since WebAssembly leaves its bits open */
export function sameBits(expected: HostArray, found: HostArray): void {
  const [a, b] = [expected, found].map(({ buffer, byteOffset, length }) => new Int32Array(buffer, byteOffset, length));
  if (a!.length !== b!.length) throw new Error(`${b!.length} elements instead of ${a!.length}`);
  const at = a!.findIndex((bits, i) => bits !== b![i] && !(Number.isNaN(expected[i]) && Number.isNaN(found[i])));
  if (at !== -1) throw new Error(`other bits from element ${at} on: ${found[at]} instead of ${expected[at]}`);
}
