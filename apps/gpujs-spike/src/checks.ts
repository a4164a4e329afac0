import type { Backend } from "@surprisal/core";
import type { Case } from "./case.ts";
import { kernelCases } from "./kernel-cases.ts";
import { lossCases } from "./loss-cases.ts";

export interface Verdict {
  readonly name: string;
  readonly passed: boolean;
  /** The largest error in units of the tolerance. */
  readonly worst: number;
  readonly note: string;
}

async function run<H>(backend: Backend<H>, test: Case): Promise<Record<string, ArrayLike<number>>> {
  const inputs: Record<string, H> = {};
  const outputs: Record<string, H> = {};
  for (const [name, values] of Object.entries(test.inputs)) {
    const handle = backend.alloc(name.endsWith("#") ? "i32" : "float", values.length);
    backend.write(handle, values);
    inputs[name.replace("#", "")] = handle;
  }
  for (const [name, length] of Object.entries(test.outputs)) {
    outputs[name] = inputs[name] ?? backend.alloc("float", length);
  }
  test.call(backend.kernels, outputs, inputs);
  const results: Record<string, ArrayLike<number>> = {};
  for (const [name, handle] of Object.entries(outputs)) results[name] = await backend.read(handle);
  for (const handle of new Set([...Object.values(inputs), ...Object.values(outputs)])) backend.free(handle);
  return results;
}

function compare(
  test: Case,
  got: Record<string, ArrayLike<number>>,
  expected: Record<string, ArrayLike<number>>,
): Verdict {
  let worst = 0;
  let note = "";
  for (const name of Object.keys(test.outputs)) {
    const [actual, truth] = [got[name]!, expected[name]!];
    if (actual.length !== truth.length) worst = Number.POSITIVE_INFINITY;
    for (let i = 0; i < truth.length; i++) {
      const [a, e] = [actual[i]!, truth[i]!];
      const same = Object.is(a, e) || a === e;
      const error = same ? 0 : Math.abs(a - e) / test.tolerance(e, name);
      if (error > worst || Number.isNaN(error)) {
        worst = Number.isNaN(error) ? Number.POSITIVE_INFINITY : error;
        note = `${name}[${i}] = ${a}, expected ${e}`;
      }
    }
  }
  return { name: test.name, passed: worst <= 1, worst, note };
}

/** Every case on `backend`, against the float64 numbers of `reference`. */
export async function check<A, B>(backend: Backend<A>, reference: Backend<B>): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  for (const test of [...kernelCases(), ...lossCases()]) {
    try {
      verdicts.push(compare(test, await run(backend, test), await run(reference, test)));
    } catch (error) {
      verdicts.push({ name: test.name, passed: false, worst: Number.POSITIVE_INFINITY, note: String(error) });
    }
  }
  return verdicts;
}
