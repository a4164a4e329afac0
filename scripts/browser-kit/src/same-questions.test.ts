import { plain } from "@surprisal/backend-cpu/plain";
import { checkBackend } from "@surprisal/conformance";
import type { Backend, BackendProvider } from "@surprisal/core";
import { expect, test } from "vitest";
import { type AnswerSample, sampler, spread } from "./answer-sample.ts";

/** Plain, with something about it changed. */
function altered(change: (backend: Backend) => Partial<Backend>): BackendProvider {
  return {
    name: "altered",
    async open(options) {
      const backend = (await plain({ precision: "f32" }).open(options)) as Backend;
      return { ...backend, ...change(backend) };
    },
  };
}

async function answersOf(provider: BackendProvider, only?: string) {
  const answers: AnswerSample = {};
  const filter = only === undefined ? undefined : (id: string) => id === only;
  const subject = { name: provider.name, create: () => provider };
  const report = await checkBackend(subject, { filter, onAnswer: sampler(answers) });
  expect(report.facts).toBeDefined();
  return { answers, failed: report.failed };
}

const finiteOnly = ({ facts }: Backend) => ({ facts: { ...facts, strictNonFinite: false } });

test("a device that promises nothing about NaN is asked the same questions as one that does", async () => {
  const [strict, lax] = [await answersOf(plain({ precision: "f32" })), await answersOf(altered(finiteOnly))];
  expect([strict.failed, lax.failed]).toEqual([0, 0]);
  const apart = spread(strict.answers, lax.answers);
  expect(apart.size).toBeGreaterThan(1000);
  expect([...apart].filter(([, distance]) => distance > 0)).toEqual([]);
});

test("and where it answers one of them otherwise, that is seen", async () => {
  const only = "loss/law-under-options/classes-in-another-order";
  const wrong = altered((backend) => {
    const { softmaxCrossEntropy, ...kernels } = backend.kernels;
    return {
      ...finiteOnly(backend),
      kernels: {
        ...kernels,
        softmaxCrossEntropy: (outputs, inputs, params) =>
          softmaxCrossEntropy(outputs, inputs, { ...params, scale: 1.01 * params.scale }),
      },
    };
  });
  const [right, other] = [await answersOf(plain({ precision: "f32" }), only), await answersOf(wrong, only)];
  const apart = spread(right.answers, other.answers);
  expect(apart.get(only)).toBeGreaterThan(1e-3);
  expect(apart.get(only)).toBeLessThan(1);
});
