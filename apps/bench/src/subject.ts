import { cpu } from "@surprisal/backend-cpu";
import type { KernelVariant } from "@surprisal/backend-cpu/kernels";
import { plain } from "@surprisal/backend-cpu/plain";
import type { Backend, BackendProvider } from "@surprisal/core";
import { UsageError } from "./usage-error.ts";

/** Which build of our CPU kernels; `plain` is the slow truth in TypeScript. */
export type Variant = KernelVariant | "plain";

const VARIANTS: readonly Variant[] = ["relaxed", "strict", "plain"];

/** The backend with the kernels of a variant. */
export function provider(variant: Variant): BackendProvider {
  return variant === "plain" ? plain() : cpu({ variant });
}

/** The backend itself, without core around it. */
export async function openBackend(variant: Variant): Promise<Backend> {
  return provider(variant).open({
    onError: (error) => {
      throw error;
    },
  });
}

/** The variants that were asked for, or both builds of the kernels. */
export function variantsOf(wanted: readonly string[] | undefined): readonly Variant[] {
  if (wanted === undefined) return ["relaxed", "strict"];
  return wanted.map((name) => {
    const variant = VARIANTS.find((known) => known === name);
    if (variant === undefined) throw new UsageError(`--variant is one of ${VARIANTS.join(", ")}, not "${name}"`);
    return variant;
  });
}
