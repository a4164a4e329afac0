import { type PlainHandle, plain } from "@surprisal/backend-cpu/plain";
import type { Backend, BackendProvider, Kernels } from "@surprisal/core";
import { expect, test } from "vitest";
import { derivedLinear, derivedLinearGradient } from "./derived/linear.ts";
import { failures, spoiled } from "./fixtures/spoiled.ts";

type Table = Kernels<PlainHandle>;
type Loss = Table["softmaxCrossEntropy"];

const data = (handle: PlainHandle): Float32Array => handle.data as Float32Array;

/** Plain with `linear` and `linearGradient` as kernels of its own, changed by `spoil`. */
function withLinear(
  spoil: (right: Required<Pick<Table, "linear" | "linearGradient">>) => Partial<Table>,
): () => BackendProvider<PlainHandle> {
  const right = (backend: Backend<PlainHandle>) => ({
    linear: ((...call) => derivedLinear(backend, ...call)) as NonNullable<Table["linear"]>,
    linearGradient: ((...call) => derivedLinearGradient(backend, ...call)) as NonNullable<Table["linearGradient"]>,
  });
  return () => spoiled(plain(), (backend) => ({ kernels: { ...right(backend), ...spoil(right(backend)) } }));
}

/** Plain whose gradient trusts the state that it is given, as a backend that skips the first pass does. */
function fromState(spoil: (trusting: Loss) => Loss): () => BackendProvider<PlainHandle> {
  const trusting =
    (plainLoss: Loss): Loss =>
    (outputs, inputs, params) => {
      const { gradient } = outputs;
      const { state, labels, logits } = inputs;
      const isPlain = params.smoothing === 0 && params.terms === undefined && params.inner === 1;
      if (!gradient || !state || !labels || inputs.classWeights || inputs.rowScale || !isPlain) {
        plainLoss(outputs, inputs, params);
        return;
      }
      const { rows, classes, scale } = params;
      data(gradient).set(
        data(logits).map((z, d) => {
          const [r, j] = [Math.floor(d / classes), d % classes];
          const [m, k, rest] = data(state).slice(3 * r, 3 * r + 3) as unknown as [number, number, number];
          const label = labels.data![r]!;
          if (label === -1) return 0;
          if (j === k && j === label) return (-scale * rest) / (1 + rest);
          return scale * (Math.exp(z - m) / (1 + rest) - (j === label ? 1 : 0));
        }),
      );
      if (rows === 0) data(gradient).fill(0);
    };
  return () =>
    spoiled(plain(), ({ kernels }) => ({
      kernels: { softmaxCrossEntropy: spoil(trusting(kernels.softmaxCrossEntropy)) },
    }));
}

async function caught(create: () => BackendProvider<PlainHandle>, ...ids: string[]): Promise<void> {
  expect(Object.keys(await failures(create, ids)).sort()).toEqual([...ids].sort());
}

test("fusions and a gradient from the state that are right pass every op case", async () => {
  expect(
    await failures(
      withLinear(() => ({})),
      "ops/",
    ),
  ).toEqual({});
  expect(
    await failures(
      withLinear(() => ({})),
      "gradients/linear",
    ),
  ).toEqual({});
  expect(
    await failures(
      fromState((loss) => loss),
      "loss/",
    ),
  ).toEqual({});
});

test("a fused linear that forgets the bias is caught", () =>
  caught(
    withLinear(({ linear }) => ({ linear: (y, { x, w }, params) => linear(y, { x, w }, params) })),
    "ops/linear/rows",
    "ops/linear/one-row",
    "ops/linear/is-matmul-and-add",
  ));

test("a fused gradient that averages the bias's is caught", () =>
  caught(
    withLinear(({ linearGradient }) => ({
      linearGradient(outputs, inputs, params) {
        linearGradient(outputs, inputs, params);
        const { db } = outputs;
        if (db) data(db).set(data(db).map((value) => value / params.rows));
      },
    })),
    "ops/linear/is-matmul-and-add",
    "ops/linear/gradient-of-each-input-alone",
  ));

test("a fused gradient that only works when all of its outputs are asked for is caught", () =>
  caught(
    withLinear(({ linearGradient }) => ({
      linearGradient(outputs, inputs, params) {
        if (outputs.dx && outputs.dw && outputs.db) linearGradient(outputs, inputs, params);
      },
    })),
    "ops/linear/gradient-of-each-input-alone",
  ));

test("a state whose complement sum is what float32 leaves of 1 + s′ is caught", () =>
  caught(
    fromState((loss) => (outputs, inputs, params) => {
      loss(outputs, inputs, params);
      const state = outputs.state && data(outputs.state);
      for (let r = 0; state && r < params.rows; r++) state[3 * r + 2] = Math.fround(1 + state[3 * r + 2]!) - 1;
    }),
    "loss/derivatives/confident-17",
    "loss/derivatives/confident-50",
    "ops/logSoftmax/confident-17",
  ));

test("a gradient from the state of the last call instead of the one given is caught", () => {
  let last: Float32Array | undefined;
  return caught(
    fromState((loss) => (outputs, inputs, params) => {
      const stale = inputs.state && last?.length === 3 * params.rows ? { data: last } : inputs.state;
      loss(outputs, { ...inputs, state: stale }, params);
      if (outputs.state) last = data(outputs.state).slice();
    }),
    "loss/derivatives/two-losses-under-one-recording",
  );
});

test("a comparison that is turned round where nothing is stretched is caught", () =>
  caught(
    () =>
      spoiled(plain(), ({ kernels }) => ({
        kernels: {
          binary(y, { a, b }, params) {
            const turned = params.fn === "less" && params.aStrides.join() === params.bStrides.join();
            kernels.binary(y, turned ? { a: b, b: a } : { a, b }, params);
          },
        },
      })),
    "ops/less/one-shape",
    "ops/greater/one-shape",
  ));

test("a scatter that overwrites rows which meet is caught by the gradient of a gather", () =>
  caught(
    () =>
      spoiled(plain(), ({ kernels }) => ({
        kernels: {
          scatterAddRows(table, inputs, params) {
            const { order, starts } = inputs;
            kernels.scatterAddRows(table, inputs, params);
            for (let row = 0; row < params.tableRows; row++) {
              const [from, to] = [starts.data![row]!, starts.data![row + 1]!];
              if (to - from < 2) continue;
              const at = order.data![to - 1]! * params.cols;
              data(table.table).set(data(inputs.values).slice(at, at + params.cols), row * params.cols);
            }
          },
        },
      })),
    "ops/scatterAdd/rows-that-meet",
    "gradients/closed-form/rows-count-as-often-as-gathered",
    "gradients/gather/rows-that-repeat-forward-and-reverse",
  ));
