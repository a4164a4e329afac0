import { inDevelopment } from "./development.ts";
import type { Region } from "./tensor.ts";

const dropped = new FinalizationRegistry<Region>((region) => {
  if (region.ended || region.runtime.closed) return;
  console.warn(
    `surprisal: a scope was dropped without dispose(); its ${region.tensors} tensors stay on ${region.runtime.facts.name} until the device is closed. Use device.scoped, or dispose it.`,
  );
});

/** In development, warns when `scope` is garbage-collected while its region still holds tensors. Frees nothing. */
export function reportIfDropped(scope: object, region: Region): void {
  if (inDevelopment) dropped.register(scope, region, region);
}

/** Ends the watch over a scope whose region has ended: what is registered would keep the region until it is collected. */
export function forgetDropped(region: Region): void {
  if (inDevelopment) dropped.unregister(region);
}
