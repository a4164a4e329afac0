import type { Device } from "@surprisal/core";
import { describeBackend } from "./backends.ts";
import { type Terminal, writeFact } from "./terminal.ts";

/** Says which backend runs, and why those that would have come first do not. */
export function announceBackend(screen: Terminal, device: Device, more = ""): void {
  const opened = device.report.findIndex((candidate) => candidate.opened);
  for (const { name, reason } of device.report.slice(0, opened)) {
    writeFact(screen, "", `${name} is not available: ${reason}`);
  }
  writeFact(screen, "Backend", `${device.facts.name}: ${describeBackend(device)}${more}`);
}
