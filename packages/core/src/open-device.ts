import type { BackendProvider } from "./backend.ts";
import { Device } from "./device.ts";
import { UnavailableError, ValueError } from "./errors.ts";
import { nameOf } from "./host-values.ts";
import { Candidate } from "./opening/candidate.ts";
import { checkProvider } from "./opening/check-provider.ts";
import { firstAvailable } from "./opening/first-available.ts";
import type { OpenDeviceOptions } from "./opening/open-device-options.ts";
import { Opening } from "./opening/opening.ts";

/**
 * Opens the first of the candidates that is available here and, with `verify`, computes correctly; with a `workload`, the
 * fastest of them. The device's `report` says what became of the others, and why; nothing moves to another backend silently.
 *
 * ```ts
 * const device = await openDevice([workers(), cpu(), plain()], {
 *   verify: true,
 *   workload: [
 *     { op: "matmul", m: 64, k: 784, n: 128 },
 *     { op: "softmaxCrossEntropy", rows: 64, classes: 10 },
 *   ],
 * });
 * console.log(formatReport(device.report));
 * ```
 * Whatever it does not return, it has closed.
 * @throws UnavailableError that gives the reason of every candidate, if none can be taken; the signal's reason, if aborted
 */
export async function openDevice(candidates: readonly BackendProvider[], options?: OpenDeviceOptions): Promise<Device> {
  // As they are at the call: who changes them while something is loaded changes nothing.
  const listed = Array.isArray(candidates) ? [...candidates] : candidates;
  const { verify, workload, budget = 250, remember, auditEvery, recover } = options ?? {};
  const { deadline = 10_000, signal, onReport, onError = () => {} } = options ?? {};
  // What options ask for is loaded before anything is opened, and only then: most programs open the first that is available.
  if (options !== undefined) (await import("./opening/open-device-options.ts")).checkOptions(options);
  const providers = checkedProviders(listed);
  const patience = { deadline, signal };
  signal?.throwIfAborted();
  const [golden, race, audit, recovery] = await Promise.all([
    verify === true ? import("./opening/verify-golden.ts") : undefined,
    workload === undefined ? undefined : import("./opening/fastest.ts"),
    auditEvery === undefined ? undefined : import("./audit/auditing.ts"),
    recover ? import("./recovery/recovery.ts") : undefined,
  ]);
  const opening = new Opening(
    providers.map((provider) => new Candidate(provider, patience)),
    patience,
    {
      choose: race
        ? (all, by) => race.fastest(all, by, { workload: workload!, budget, remember, patience })
        : firstAvailable,
      verify: golden ? golden.verifyGolden : typeof verify === "function" ? verify : undefined,
      audit: audit?.auditing(auditEvery!, patience, onError),
      onError,
    },
  );
  const first = await opening.choose();
  onReport?.(opening.report());
  if (first === undefined) throw new UnavailableError(`openDevice: no backend is available: ${opening.reasons()}`);
  try {
    const device = new Device(first.backend, {
      report: () => opening.report(),
      recovery: recovery && ((...device) => new recovery.Recovery(opening, onReport, ...device)),
    });
    first.attach(device.loss);
    return device;
  } catch (error) {
    await first.backend.close();
    throw error;
  }
}

function checkedProviders(candidates: readonly BackendProvider[]): readonly BackendProvider[] {
  if (!Array.isArray(candidates) || candidates.length === 0) {
    const given = Array.isArray(candidates) ? "an empty one" : nameOf(candidates);
    throw new ValueError(`openDevice: needs an array of at least one backend, such as [plain()], not ${given}`);
  }
  for (const candidate of candidates) checkProvider("a candidate is", candidate);
  return candidates;
}
