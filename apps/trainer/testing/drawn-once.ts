import type * as rendered from "../src/data/rendered-digits.ts";

type Module = typeof rendered;

/** For `vi.mock`: digits that are drawn once for all command lines of a test, and handed out as copies. */
export function drawnOnce(module: Module): Module {
  const drawn = new Map<string, ReturnType<Module["renderDigits"]>>();
  return {
    ...module,
    renderDigits(options) {
      const key = JSON.stringify(options);
      const digits = drawn.get(key) ?? module.renderDigits(options);
      drawn.set(key, digits);
      return structuredClone(digits);
    },
  };
}
