import type { Region } from "./tensor.ts";

/** Node's and bundlers' way of saying that nobody is watching the console. */
const { process } = globalThis as { process?: { env?: { NODE_ENV?: string } } };
const inProduction = process?.env?.NODE_ENV === "production";

const dropped = new FinalizationRegistry<Region>((region) => {
  if (region.ended || region.runtime.closed) return;
  console.warn(
    `surprisal: a scope was dropped without dispose(); its ${region.tensors} tensors stay on ${region.runtime.facts.name} until the device is closed. Use device.scoped, or dispose it.`,
  );
});

/** In development, warns when `scope` is garbage-collected while its region still holds tensors. Frees nothing. */
export function reportIfDropped(scope: object, region: Region): void {
  if (!inProduction) dropped.register(scope, region);
}
