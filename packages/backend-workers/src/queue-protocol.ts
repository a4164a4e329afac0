import type { Facts, HeldMemory, Kind } from "@surprisal/core";

/** The handles of a page, by number. */
export type Numbered = Readonly<Record<string, number | undefined>>;

/** A call that stands in the queue. */
export type QueuedCall =
  | { readonly call: "alloc"; readonly handle: number; readonly kind: Kind; readonly length: number }
  | { readonly call: "free"; readonly handle: number }
  | { readonly call: "write"; readonly handle: number; readonly data: Float32Array | Int32Array }
  | {
      readonly call: "kernel";
      readonly kernel: string;
      readonly outputs: Numbered;
      readonly inputs: Numbered;
      readonly params: object;
    }
  | { readonly call: "read"; readonly handle: number; readonly id: number }
  | { readonly call: "close" };

/** What the coordinator says. */
export type Answer =
  | {
      readonly answer: "open";
      readonly facts: Facts;
      readonly kernels: readonly string[];
      readonly memory: WebAssembly.Memory;
      readonly limitBytes: HeldMemory["limitBytes"];
      readonly control: SharedArrayBuffer;
    }
  | { readonly answer: "refused"; readonly reason: string }
  | { readonly answer: "read"; readonly id: number; readonly value: Float32Array | Int32Array }
  | { readonly answer: "rejected"; readonly id: number; readonly reason: string }
  | { readonly answer: "failed"; readonly reason: string }
  | { readonly answer: "closed"; readonly unreported: string | undefined };
