import type { Tensor } from "@surprisal/core";
import { broadcastTo, concat, pad, reshape, select, slice, stopGradient, transpose } from "@surprisal/core/ops";
import { strictNonFinite } from "../../case.ts";
import {
  at,
  broadcastShape,
  type ExpectedArray,
  fromCoordinates,
  type NdArray,
  permute,
  stretch,
} from "../../oracle/nd-array.ts";
import { type CasesByOp, exact, inScope, type MovingCase, opCases, type ValueCase, verify } from "./op-case.ts";

const cube = [2, 3, 4];
const same =
  (shape: readonly number[]) =>
  ({ data }: NdArray): ExpectedArray => ({ shape, values: data });

const block =
  (begin: readonly number[], shape: readonly number[]) =>
  (x: NdArray): ExpectedArray =>
    fromCoordinates(shape, (coordinates) =>
      at(
        x,
        coordinates.map((c, i) => c + begin[i]!),
      ),
    );

const padded =
  (before: readonly number[], shape: readonly number[]) =>
  (x: NdArray): ExpectedArray =>
    fromCoordinates(shape, (coordinates) => {
      const inside = coordinates.map((c, i) => c - before[i]!);
      return inside.every((c, i) => c >= 0 && c < x.shape[i]!) ? at(x, inside) : 0;
    });

const joined =
  (axis: number) =>
  (...parts: NdArray[]): ExpectedArray => {
    const lengths = parts.map((part) => part.shape[axis]!);
    const total = lengths.reduce((a, b) => a + b);
    const shape = parts[0]!.shape.map((length, i) => (i === axis ? total : length));
    return fromCoordinates(shape, (coordinates) => {
      let place = coordinates[axis]!;
      let part = 0;
      while (place >= lengths[part]!) place -= lengths[part++]!;
      return at(
        parts[part]!,
        coordinates.map((c, i) => (i === axis ? place : c)),
      );
    });
  };

const either = (condition: NdArray, a: NdArray, b: NdArray): ExpectedArray =>
  fromCoordinates(broadcastShape(condition.shape, a.shape, b.shape), (c) =>
    at(condition, c) !== 0 ? at(a, c) : at(b, c),
  );

const orders: readonly (readonly number[])[] = [
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
  [0, 1, 2],
];

/** Ops that move numbers. */
export const arrangementCases: CasesByOp<
  "reshape" | "transpose" | "slice" | "pad" | "concat" | "broadcastTo" | "select" | "stopGradient"
> = {
  reshape: opCases(
    "reshape",
    exact({
      flat: { shapes: [cube], apply: (x) => reshape(x!, [24]), expected: same([24]) },
      "an-axis-that-follows": { shapes: [cube], apply: (x) => reshape(x!, [4, -1]), expected: same([4, 6]) },
      "to-a-scalar": { shapes: [[1, 1]], apply: (x) => reshape(x!, []), expected: same([]) },
      nothing: { shapes: [[0, 3]], apply: (x) => reshape(x!, [3, 0]), expected: same([3, 0]) },
    }),
  ),
  transpose: opCases(
    "transpose",
    exact({
      "a-matrix": { shapes: [[3, 4]], apply: (x) => transpose(x!), expected: (x) => permute(x!, [1, 0]) },
      ...Object.fromEntries(
        orders.map((order) => [
          `order-${order.join("-")}`,
          {
            shapes: [cube],
            apply: (x: Tensor) => transpose(x, order),
            expected: (x: NdArray) => permute(x, order),
          } as MovingCase,
        ]),
      ),
      "five-axes": {
        shapes: [[2, 3, 2, 2, 3]],
        apply: (x) => transpose(x!),
        expected: (x) => permute(x!, [4, 3, 2, 1, 0]),
      },
      "axes-counted-from-the-end": {
        shapes: [cube],
        apply: (x) => transpose(x!, [0, -1, -2]),
        expected: (x) => permute(x!, [0, 2, 1]),
      },
    }),
  ),
  slice: opCases(
    "slice",
    exact({
      "a-block": {
        shapes: [cube],
        apply: (x) => slice(x!, [1, 0, 1], [1, 2, 2]),
        expected: block([1, 0, 1], [1, 2, 2]),
      },
      "the-rest": { shapes: [cube], apply: (x) => slice(x!, [0, 1, 2]), expected: block([0, 1, 2], [2, 2, 2]) },
      "the-rest-of-one-axis": {
        shapes: [cube],
        apply: (x) => slice(x!, [0, 2, 0], [2, -1, 4]),
        expected: block([0, 2, 0], [2, 1, 4]),
      },
      nothing: { shapes: [cube], apply: (x) => slice(x!, [0, 3, 0], [2, 0, 4]), expected: block([0, 3, 0], [2, 0, 4]) },
    }),
  ),
  pad: opCases(
    "pad",
    exact({
      "every-side": { shapes: [[2, 3]], apply: (x) => pad(x!, [1, 2], [2, 1]), expected: padded([1, 2], [5, 6]) },
      "one-side": {
        shapes: [cube],
        apply: (x) => pad(x!, [0, 1, 0], [0, 0, 0]),
        expected: padded([0, 1, 0], [2, 4, 4]),
      },
      "no-side": { shapes: [[2, 3]], apply: (x) => pad(x!, [0, 0], [0, 0]), expected: padded([0, 0], [2, 3]) },
    }),
  ),
  concat: opCases(
    "concat",
    exact({
      rows: {
        shapes: [
          [2, 3],
          [1, 3],
          [3, 3],
        ],
        apply: (...x) => concat(x),
        expected: joined(0),
      },
      columns: {
        shapes: [
          [2, 3],
          [2, 1],
        ],
        apply: (...x) => concat(x, 1),
        expected: joined(1),
      },
      "a-middle-axis": { shapes: [cube, [2, 1, 4]], apply: (...x) => concat(x, -2), expected: joined(1) },
      one: { shapes: [[2, 3]], apply: (...x) => concat(x), expected: joined(0) },
      "one-of-them-empty": {
        shapes: [
          [2, 3],
          [0, 3],
          [1, 3],
        ],
        apply: (...x) => concat(x),
        expected: joined(0),
      },
    }),
  ),
  broadcastTo: opCases(
    "broadcastTo",
    exact({
      "a-row": { shapes: [[4]], apply: (x) => broadcastTo(x!, [3, 4]), expected: (x) => stretch(x!, [3, 4]) },
      "a-column": { shapes: [[3, 1]], apply: (x) => broadcastTo(x!, [2, 3, 4]), expected: (x) => stretch(x!, cube) },
      "a-scalar": { shapes: [[]], apply: (x) => broadcastTo(x!, [3, 4]), expected: (x) => stretch(x!, [3, 4]) },
    }),
  ),
  select: opCases("select", {
    ...exact({
      "one-shape": {
        shapes: [
          [3, 4],
          [3, 4],
          [3, 4],
        ],
        numbers: (random, _, input) => (input === 0 ? random.integer(2) : random.normal()),
        apply: select,
        expected: either,
      } as MovingCase,
      "all-three-broadcast": {
        shapes: [[4], [3, 1], []],
        numbers: (random, _, input) => (input === 0 ? random.integer(2) : random.normal()),
        apply: select,
        expected: either,
      } as MovingCase,
      "a-number": {
        shapes: [[3, 4]],
        numbers: (random) => random.integer(2) * random.normal(),
        apply: (x) => select(x!, x!, -1),
        expected: ({ shape, data }: NdArray) => ({ shape, values: Array.from(data, (v) => (v !== 0 ? v : -1)) }),
      } as MovingCase,
      "two-numbers": {
        shapes: [[3, 4]],
        numbers: (random) => random.integer(2),
        apply: (x) => select(x!, 2, 3),
        expected: ({ shape, data }: NdArray) => ({ shape, values: Array.from(data, (v) => (v !== 0 ? 2 : 3)) }),
      } as MovingCase,
    }),
    "the-side-not-taken-may-be-nan": {
      shapes: [[4], [4], [4]],
      // Inputs 1 and 2 are what is taken at odd and at even places.
      numbers: (_, i, input) => (input === 0 ? i % 2 : input === 2 - (i % 2) ? i : Number.NaN),
      apply: select,
      expected: () => ({ shape: [4], values: [0, 1, 2, 3] }),
      quantity: "exact",
      needs: strictNonFinite,
    } as ValueCase,
  }),
  stopGradient: opCases("stopGradient", {
    "the-same-numbers": {
      shapes: [[3, 4]],
      apply: stopGradient as ValueCase["apply"],
      expected: same([3, 4]),
      quantity: "exact",
    },
    "outlives-what-it-was-made-from": (t) =>
      inScope(t, async (scope) => {
        const x = scope.tensor([1, 2, 3]);
        const y = stopGradient(x);
        x.dispose();
        await verify(t, y, { shape: [3], values: [1, 2, 3] }, "exact");
      }),
  }),
};
