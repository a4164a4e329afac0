import type { Backend, BackendProvider } from "./backend.ts";
import { type CandidateReport, Device } from "./device.ts";
import { messageOf, UnavailableError, ValueError } from "./errors.ts";
import { nameOf } from "./host-values.ts";
import { checkKeys } from "./options.ts";

export interface OpenDeviceOptions {
  /** Called when a queued call fails, with the backend's error; the failure also rejects whoever reads its result. */
  readonly onError?: (error: Error) => void;
}

/**
 * Opens the first of the candidates that is available here. The device's `report` says why those before it were not;
 * nothing moves to another backend silently.
 *
 * ```ts
 * const device = await openDevice([plain()]);
 * ```
 * @throws UnavailableError that gives the reason of every candidate, if none can be opened
 */
export async function openDevice(
  candidates: readonly BackendProvider[],
  options: OpenDeviceOptions = {},
): Promise<Device> {
  checkKeys("openDevice", options, ["onError"]);
  if (!Array.isArray(candidates) || candidates.length === 0) {
    const given = Array.isArray(candidates) ? "an empty one" : nameOf(candidates);
    throw new ValueError(`openDevice: needs an array of at least one backend, such as [plain()], not ${given}`);
  }
  const onError = options.onError ?? (() => {});
  const report: CandidateReport[] = [];
  let opened: Backend | undefined;
  for (const candidate of candidates as readonly BackendProvider[]) {
    if (typeof candidate?.open !== "function") {
      throw new ValueError(
        `openDevice: a candidate is ${nameOf(candidate)}, not a backend; call its factory: [plain()], not [plain]`,
      );
    }
    const { name } = candidate;
    if (opened !== undefined) {
      report.push({ name, opened: false, reason: `not tried: ${opened.facts.name} is available` });
      continue;
    }
    try {
      opened = await candidate.open({ onError });
      report.push({ name, opened: true });
    } catch (cause) {
      report.push({ name, opened: false, reason: messageOf(cause) });
    }
  }
  if (opened === undefined) {
    const reasons = report.map(({ name, reason }) => `${name} (${reason})`).join(", ");
    throw new UnavailableError(`openDevice: no backend is available: ${reasons}`);
  }
  return new Device(opened, report);
}
