import type { Backend, BackendProvider } from "../backend.ts";
import { messageOf, OptionError, UnavailableError } from "../errors.ts";
import type { Successor } from "../opening/opening.ts";
import { type Patience, within } from "../opening/patience.ts";
import { audited } from "./audited.ts";

/** How often a real loss is checked, and on which backend. */
export interface AuditOptions {
  /** One row in so many losses. */
  readonly every: number;
  /** A provider of a backend that is trusted, such as `plain()`; opened beside the device and closed with it. */
  readonly reference: BackendProvider;
}

/** How to put a backend under audit. One that is found to compute wrong is lost, and `onError` hears it. */
export function auditing(
  { every, reference: provider }: AuditOptions,
  patience: Patience,
  onError: (error: Error) => void,
): (backend: Backend) => Promise<Successor> {
  return async (backend) => {
    const reference = await opened(provider, patience, onError);
    const lacks = lacking(reference, backend);
    if (lacks !== undefined) {
      await reference.close();
      throw new OptionError(
        `openDevice: auditEvery: the reference ${provider.name} ${lacks}; take another, such as plain()`,
      );
    }
    let lose = (_: Error): void => {};
    const onFault = (error: Error): void => {
      onError(error);
      lose(error);
    };
    return {
      backend: audited(backend, { every, reference, deadline: patience.deadline, onFault, onError }),
      attach(loss) {
        lose = (error) => loss.lose(error);
      },
    };
  };
}

async function opened(
  provider: BackendProvider,
  patience: Patience,
  onError: (error: Error) => void,
): Promise<Backend> {
  const opening = (async () => provider.open({ onError }))();
  try {
    return await within(patience, "open", () => opening);
  } catch (cause) {
    // Whoever comes too late is sent home.
    opening.then((late) => late.close()).catch(() => {});
    patience.signal?.throwIfAborted();
    throw new UnavailableError(
      `openDevice: auditEvery: the reference ${provider.name} is not available: ${messageOf(cause)}`,
    );
  }
}

/** What of a loss a backend may compute beyond the contract's least, and its reference must then compute too. */
const parts = {
  lossTerms: "all terms of the loss",
  lossDiagnostics: "the diagnostics of the loss",
  lossTemperature: "the loss's slope by its temperature",
} as const;

/** What a reference needs and has not. */
function lacking(reference: Backend, judged: Backend): string | undefined {
  if (reference.facts.floatBytes < judged.facts.floatBytes) return `is float32, and ${judged.facts.name} float64`;
  for (const [fact, what] of Object.entries(parts) as [keyof typeof parts, string][]) {
    if (judged.facts[fact] && !reference.facts[fact]) return `does not compute ${what} (${fact})`;
  }
  return undefined;
}
