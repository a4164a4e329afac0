import type { Backend, Verification } from "@surprisal/core";
import { cases } from "./cases.ts";
import { session } from "./session.ts";

/** What a backend must get right before a program may rely on it: a case or two of everything that a model is made of. */
export const QUICK_CASES: readonly string[] = [
  "queue/write-then-read",
  "queue/kernels-take-effect-in-order",
  "queue/read-captures-before-a-later-kernel",
  "queue/inputs-are-left-alone",
  "memory/neighbours-do-not-overlap",
  "kernel/rearrange/transpose",
  "kernel/unary/exp",
  "kernel/binary/add-broadcasts-a-bias",
  "kernel/select/either",
  "kernel/reduce/sum-many-rows",
  "kernel/gemm/transposes",
  "kernel/gemm/accumulate",
  "kernel/gather-rows/rows",
  "kernel/scatter-add-rows/rows",
  "kernel/softmax-cross-entropy/ten-classes",
  "kernel/softmax-cross-entropy/many-rows",
  "kernel/softmax-cross-entropy/longer-than-a-block",
  "kernel/softmax-cross-entropy/class-weights-and-smoothing",
  "kernel/softmax-cross-entropy/probabilities",
  "kernel/softmax-cross-entropy/ignored-rows",
  "kernel/softmax-cross-entropy/gradient-over-logits-labels",
  "kernel/softmax-cross-entropy/state-given-back-labels",
  "kernel/softmax-cross-entropy/row-plus-minus-500-label-0",
  "kernel/softmax-cross-entropy/row-plus-minus-500-label-1",
  "kernel/softmax-cross-entropy/confident-50",
  "fusion/linear-gradient",
  "fusion/linear-cross-entropy/labels",
  "fusion/sgd-momentum",
  "fusion/adamw",
];

/** The longest that one case may take, in milliseconds. A first run may compile shaders. */
const CASE_DEADLINE_MS = 5000;

/**
 * A verification for `openDevice`: some thirty cases of the kit in about a second, up to the first that fails.
 *
 * ```js
 * const device = await openDevice([gpujs(), workers(), cpu()], { verify: quickCheck });
 * ```
 */
export async function quickCheck(
  backend: Backend,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<Verification> {
  const { name } = backend.facts;
  const running = session(
    { name, create: () => ({ name, open: () => lent(backend) }) },
    { seed: 1, deadline: CASE_DEADLINE_MS },
  );
  const selected = cases.filter(({ id }) => QUICK_CASES.includes(id));
  for (const one of selected) {
    signal?.throwIfAborted();
    const { status, message = "" } = await running.run(one);
    if (status === "failed") return { cases: selected.length, fault: { id: one.id, message } };
  }
  return { cases: selected.length };
}

/** The backend, which stays open when the session closes its own. */
function lent(backend: Backend): Backend {
  return {
    facts: backend.facts,
    kernels: backend.kernels,
    alloc: (kind, length) => backend.alloc(kind, length),
    free: (handle) => backend.free(handle),
    write: (handle, data) => backend.write(handle, data),
    read: (handle) => backend.read(handle),
    close: async () => {},
  };
}
