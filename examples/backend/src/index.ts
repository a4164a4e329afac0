import type { BackendProvider, Facts } from "@surprisal/core";
import { kernels } from "./kernels.ts";
import type { Numbers } from "./numbers.ts";

const facts: Facts = {
  name: "mine",
  precision: "f32-rounded",
  floatBytes: 4,
  variant: "javascript",
  strictNonFinite: true,
  maxLength: 2 ** 31 - 1,
  innerClass: false,
  threads: 1,
  device: "JavaScript",
};

export function mine(): BackendProvider<Numbers> {
  return {
    name: "mine",
    open: () => ({
      facts,
      kernels,
      alloc: (kind, length) => (kind === "i32" ? new Int32Array(length) : new Float32Array(length)),
      free() {},
      write: (handle, data) => handle.set(data),
      read: async (handle) => handle.slice(),
      close: async () => {},
    }),
  };
}
