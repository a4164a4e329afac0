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

/** Answers `?ask=losing&with=["webgl2",10]`. */
async function answer(address: URLSearchParams): Promise<{ found: unknown; unhandled: readonly string[] }> {
  const ask = asked[address.get("ask") as keyof Asked] as (...values: unknown[]) => Promise<unknown>;
  const found = await ask(...JSON.parse(address.get("with") ?? "[]"));
  // Rejections count as unhandled only after a turn of the event loop.
  await new Promise((resolve) => setTimeout(resolve, 50));
  return { found, unhandled };
}

Object.assign(globalThis, { outcome: answer(new URLSearchParams(location.search)) });
