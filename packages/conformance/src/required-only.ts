import type { BackendProvider, Kernels, RequiredKernels } from "@surprisal/core";
import { requiredKernels } from "./kernel-names.ts";

/**
 * The backend of a provider with its required kernels alone: no fusion, and none of the facts by which a backend takes more
 * than the contract asks for. Core derives all the rest, so a backend and its `requiredOnly` must agree.
 *
 * ```ts
 * const report = await checkBackend({ name: "derived", create: () => requiredOnly(plain()) });
 * ```
 */
export function requiredOnly<H>(provider: BackendProvider<H>): BackendProvider<H> {
  return {
    name: `requiredOnly(${provider.name})`,
    async open(options) {
      const backend = await provider.open(options);
      const facts = {
        ...backend.facts,
        innerClass: false,
        lossTerms: false,
        lossDiagnostics: false,
        lossTemperature: false,
        lossMarks: false,
      };
      const kernels: Kernels<H> = Object.fromEntries(
        requiredKernels.map((name) => [name, backend.kernels[name].bind(backend.kernels)]),
      ) as unknown as RequiredKernels<H>;
      const { softmaxCrossEntropy } = kernels;
      return {
        ...backend,
        facts,
        kernels: {
          ...kernels,
          softmaxCrossEntropy(outputs, inputs, params) {
            const asked = {
              terms: params.terms,
              diagnostics: outputs.diagnostics,
              temperatureSlope: outputs.temperatureSlope,
              temperature: inputs.temperature,
              "labels beside probabilities": inputs.labels && inputs.probabilities,
              "an inner class axis": params.inner === 1 ? undefined : params.inner,
            };
            for (const [name, value] of Object.entries(asked)) {
              if (value === undefined) continue;
              throw new Error(`softmaxCrossEntropy: ${name} needs a fact that is not stated`);
            }
            softmaxCrossEntropy(outputs, inputs, params);
          },
        },
      };
    },
  };
}
