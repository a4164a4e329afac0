import type { Device } from "@surprisal/core";
import { describeBackend } from "./backends.ts";
import { type Terminal, writeFact } from "./terminal.ts";

/** Says which backend runs, and why those that would have come first do not. */
export function announceBackend(screen: Terminal, device: Device, more = ""): void {
  const { candidates } = device.report;
  const chosen = candidates.findIndex(({ status }) => status === "chosen");
  for (const { name, reason } of candidates.slice(0, chosen)) {
    writeFact(screen, "", `${name} is not available: ${reason}`);
  }
  writeFact(screen, "Backend", `${device.facts.name}: ${describeBackend(device)}${more}`);
}
