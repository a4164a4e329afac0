import { createHash } from "node:crypto";
import type { StateDict } from "@surprisal/nn";

/**
 * SHA-256 of all weights, layer by layer, w then b, as little-endian float32: two runs that learned the same bits print
 * the same hash.
 */
export function weightsHash(state: StateDict): string {
  const hash = createHash("sha256");
  for (const { data } of Object.values(state)) hash.update(littleEndian(data));
  return hash.digest("hex");
}

function littleEndian(data: ArrayLike<number>): Uint8Array {
  const view = new DataView(new ArrayBuffer(data.length * 4));
  for (let i = 0; i < data.length; i++) view.setFloat32(i * 4, data[i]!, true);
  return new Uint8Array(view.buffer);
}
