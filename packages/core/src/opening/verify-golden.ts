import type { Backend, Facts } from "../backend.ts";
import { Device } from "../device.ts";
import { messageOf } from "../errors.ts";
import { type GoldenRow, goldenRows } from "./golden-rows.ts";
import { allowedError } from "./golden-tolerance.ts";
import { lease } from "./lease.ts";
import type { Verification } from "./report.ts";

/** Runs core's golden rows on a backend, up to the first that it fails. */
export async function verifyGolden(backend: Backend): Promise<Verification> {
  for (const row of goldenRows) {
    const message = await faultOf(row, backend);
    if (message !== undefined) return { cases: goldenRows.length, fault: { id: row.id, message } };
  }
  return { cases: goldenRows.length };
}

/** What is wrong with a backend's answer, if anything is. */
async function faultOf(row: GoldenRow, backend: Backend): Promise<string | undefined> {
  try {
    const device = new Device(lease(backend));
    const found = await row.run(device).data();
    await device.close();
    return answerFault(row, found, backend.facts);
  } catch (error) {
    return messageOf(error);
  }
}

function answerFault(
  { quantity, answer, terms = 0 }: GoldenRow,
  found: ArrayLike<number>,
  { precision, floatBytes }: Facts,
): string | undefined {
  const expectedArray = floatBytes === 8 ? Float64Array : Float32Array;
  if (!(found instanceof expectedArray)) {
    return `expected a ${expectedArray.name} (facts.floatBytes is ${floatBytes}), got ${Object.prototype.toString.call(found)}`;
  }
  if (found.length !== answer.length) return `expected ${answer.length} numbers, got ${found.length}`;
  for (const [i, expected] of answer.entries()) {
    const allowed = allowedError(precision, quantity, expected, terms);
    const got = found[i]!;
    if (Math.abs(got - expected) <= allowed) continue;
    const bound = allowed === 0 ? "nothing" : allowed.toPrecision(2);
    return `[${i}]: expected ${expected}, got ${got}; class ${precision} may be off by ${bound}`;
  }
  return undefined;
}
