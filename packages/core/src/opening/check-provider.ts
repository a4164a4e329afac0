import type { BackendProvider } from "../backend.ts";
import { ValueError } from "../errors.ts";
import { nameOf } from "../host-values.ts";

/** Refuses what is no backend to be opened. `what` begins the error, such as "a candidate is". */
export function checkProvider(what: string, provider: BackendProvider | undefined): void {
  if (typeof provider?.open === "function") return;
  throw new ValueError(`openDevice: ${what} ${nameOf(provider)}, not a backend; call its factory: plain(), not plain`);
}
