import { driverFault, driverFaults, swallowedNan } from "./drivers.ts";
import { closeInFlight, cycles, manyContexts, manySteps } from "./lifetimes.ts";
import { losing } from "./losing.ts";
import { crash, deviceTrouble, openings, openingsWithout } from "./opening.ts";

/** What a test may ask of the page. */
const asked = {
  closeInFlight,
  crash,
  cycles,
  deviceTrouble,
  driverFault,
  driverFaultsOf: async (mode: "webgl2" | "webgpu") => Object.keys(driverFaults[mode]),
  losing,
  manyContexts,
  manySteps,
  openings,
  openingsWithout,
  swallowedNan,
};

export type Asked = typeof asked;

/** Failures that nobody handled: none is allowed. */
const unhandled: string[] = [];
addEventListener("unhandledrejection", ({ reason }) => unhandled.push(String(reason?.stack ?? reason)));

/** What came of it, and the rejections that nobody handled meanwhile. */
async function ask(what: string, values: readonly unknown[]): Promise<{ found: unknown; unhandled: string[] }> {
  const asking = asked[what as keyof Asked] as (...values: readonly unknown[]) => Promise<unknown>;
  const found = await asking(...values);
  // Rejections count as unhandled only after a turn of the event loop.
  await new Promise((resolve) => setTimeout(resolve, 50));
  return { found, unhandled: unhandled.splice(0) };
}

export type Ask = typeof ask;

Object.assign(globalThis, { ask });
