import { type Device, type HostArray, openDevice } from "@surprisal/core";
import type { Answer } from "./answer.ts";
import type { CaseContext } from "./case.ts";
import { compare, scaleOf, type Worst } from "./comparison.ts";
import { floatFormat } from "./float-format.ts";
import type { InstrumentedBackend, TrackedHandle } from "./instrument.ts";
import { randomNumbers } from "./random-numbers.ts";
import { tolerance } from "./tolerance.ts";

/** A case's context and what the runner learns from it. */
export interface RunningCase {
  readonly context: CaseContext;
  /** The error that used up most of what was allowed; undefined if nothing was compared. */
  worst(): Worst | undefined;
  /** Closes the case's device and frees what the case made through its context. */
  end(): Promise<void>;
}

/** A context for the case `id` on an open backend. `onAnswer` is told of each answer that the case compares. */
export function caseContext(
  backend: InstrumentedBackend,
  id: string,
  seed: number,
  onAnswer?: (answer: Answer) => void,
): RunningCase {
  const { facts } = backend;
  const format = floatFormat(facts);
  const alive = new Set<TrackedHandle>();
  let worst: Worst | undefined;
  let device: Promise<Device> | undefined;

  const make = (handle: TrackedHandle): TrackedHandle => {
    alive.add(handle);
    return handle;
  };
  const written = (handle: TrackedHandle, data: ArrayLike<number>): TrackedHandle => {
    backend.write(handle, data);
    return handle;
  };

  const context: CaseContext = {
    backend,
    kernels: backend.kernels,
    facts,
    format,
    numbers: (values) => format.array(values),
    generate: (length, element) => format.array(Array.from({ length }, (_, i) => element(i))),
    random: (salt = 0) => randomNumbers(seed, id, salt),
    float: (data) => written(make(backend.alloc("float", data.length)), data),
    i32: (data) => written(make(backend.alloc("i32", data.length)), data),
    output: (length) => make(backend.alloc("float", length)),
    read(source): Promise<HostArray> {
      const read = "shape" in source ? source.data() : backend.read(source);
      read.catch(() => {});
      return read;
    },
    free(handle) {
      alive.delete(handle);
      backend.free(handle);
    },
    open() {
      device ??= openDevice([{ name: backend.facts.name, open: () => ({ ...backend, close: async () => {} }) }]);
      return device;
    },
    judge: (quantity) => tolerance(facts.precision, quantity),
    check(actual, expected, judgement, name = judgement.quantity) {
      const right = "length" in expected ? { values: expected } : expected;
      const comparison = compare(actual, right, judgement, format, name);
      onAnswer?.({ id, name, values: actual, scale: (i) => scaleOf(right, i) });
      if (!worst || comparison.worst.ofAllowed > worst.ofAllowed) worst = comparison.worst;
      if (comparison.fault !== undefined) throw new Error(comparison.fault);
    },
    same(actual, expected, name = "result") {
      if (actual.length !== expected.length) {
        throw new Error(`${name}: ${expected.length} numbers expected, ${actual.length} read`);
      }
      for (let i = 0; i < expected.length; i++) {
        if (!Object.is(actual[i], expected[i])) {
          throw new Error(`${name}[${i}]: ${actual[i]} is not bit for bit ${expected[i]}`);
        }
      }
    },
    expect(condition, message) {
      if (!condition) throw new Error(message);
    },
  };
  return {
    context,
    worst: () => worst,
    async end() {
      await (await device)?.close();
      for (const handle of alive) backend.free(handle);
      alive.clear();
    },
  };
}
