import { listBackends } from "./backends.ts";
import { oneLine } from "./one-line.ts";
import type { Terminal } from "./terminal.ts";

/** `--list-backends`: every backend, and what it is here or why it is not available. */
export async function listCommand(out: Terminal): Promise<number> {
  for (const { name, available, says } of await listBackends()) {
    out.write(`${name.padEnd(10)}${available ? "available" : "not available"}: ${oneLine(says)}\n`);
  }
  return 0;
}
