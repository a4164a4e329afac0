import {
  isSurprisalError,
  lossFromRowStates,
  mergeRowStates,
  type RowStateLossOptions,
  reshape,
  rowStates,
  type Scope,
  slice,
  type Tensor,
} from "@surprisal/core";
import { type Case, type CaseContext, strictNonFinite } from "../../case.ts";
import { softmaxCrossEntropy as oracle } from "../../oracle/softmax-cross-entropy.ts";
import { caseGroup } from "../define.ts";
import { inScope } from "../ops/op-case.ts";
import { verifyState } from "../softmax-cross-entropy/launch.ts";
import { termsOf } from "./setting.ts";

const { quick } = caseGroup("loss/row-states");
const { POSITIVE_INFINITY: infinity, NaN: nan } = Number;

/** Rows of eight classes; chunks of them meet ties, masks and what is not finite. */
const finiteRows = [
  [1, 2, 3, 4, 5, 6, 7, 8],
  [3, 3, 3, 3, 3, 3, 3, 3],
  [50, 0, 0.5, -1, 0.25, 0, 0, 0],
  [1e6, 1e6 + 1, 1e6 - 1, 1e6, 1e6, 1e6, 1e6, 1e6 + 1],
  [-500, 500, -500, 499, 0, 0, 500, 1],
  [-1, -2, -3, -4, -4, -3, -2, -1],
];
/** Where a cap has rounded several logits to one z′, the states of chunks no longer tell which was the largest. */
const unsaturatedRows = [0, 1, 5, 0, 1, 5].map((r) => finiteRows[r]!);
const hostileRows = [
  [-infinity, -infinity, -infinity, 1, 2, -infinity, -infinity, -infinity],
  [-infinity, -infinity, -infinity, -infinity, -infinity, -infinity, -infinity, -infinity],
  [nan, 1, 2, 3, 4, 5, 6, 7],
  [1, 2, 3, 4, 5, 6, 7, nan],
  [1, infinity, 2, 3, 4, 5, infinity, 7],
  [infinity, 1, 2, nan, 4, 5, 6, 7],
];

const splits: readonly (readonly number[])[] = [
  [0, 8],
  [0, 3, 8],
  [0, 1, 2, 3, 4, 5, 6, 7, 8],
  [0, 1, 4, 7, 8],
];

const options: Readonly<Record<string, RowStateLossOptions>> = {
  "no-terms": {},
  temperature: { temperature: 0.5 },
  softcap: { softcap: 6 },
  "every-term": { temperature: 2, softcap: 10, zLoss: 0.125, focal: 1.5, poly: 0.5 },
};

/** The states of chunks of the classes. */
function chunks(z: Tensor, split: readonly number[], { temperature, softcap }: RowStateLossOptions): Tensor[] {
  const rows = z.shape[0]!;
  return split.slice(1).map((to, i) => {
    const from = split[i]!;
    const chunk = to - from === z.shape[1] ? z : slice(z, [0, from], [rows, to - from]);
    return rowStates(chunk, {
      classOffset: from,
      ...(temperature !== undefined && { temperature }),
      ...(softcap !== undefined && { softcap }),
    });
  });
}

/** Chunks merged in any order have the state and the loss of the whole row. */
async function merges(t: CaseContext, rows: readonly (readonly number[])[], given: RowStateLossOptions): Promise<void> {
  const classes = 8;
  const labels = rows.map((_, r) => (r * 3) % classes);
  const logits = t.numbers(rows.flat());
  const reference = oracle({ rows: rows.length, classes, logits, labels, terms: termsOf(given) });
  const own = labels.map((label, r) => logits[r * classes + label]!);
  await inScope(t, async (scope: Scope) => {
    const z = scope.tensor(logits, [rows.length, classes]);
    const labelLogits = scope.tensor(own);
    for (const split of splits) {
      for (const reversed of [false, true]) {
        const states = chunks(z, split, given);
        if (reversed) states.reverse();
        const merged = states.reduce((a, b) => mergeRowStates(a, b));
        verifyState(t, reference, await t.read(merged), "derived", termsOf(given) !== undefined);
        const { values, terms } = reference.rowLoss;
        const size = Array.from(
          terms as ArrayLike<number>,
          (x, r) => x + Math.abs(values[r]!) + rowSize(t, rows[r]!, given),
        );
        const expected = { values, terms: size, scale: size };
        t.check(await t.read(lossFromRowStates(merged, labelLogits, given)), expected, t.judge("derived"), "loss");
        // On the host, from what the devices of a cluster would send.
        const hosted: ArrayLike<number>[] = [];
        for (const state of states) hosted.push(await t.read(state));
        const together = hosted.reduce((a, b) => mergeRowStates(a, b));
        verifyState(t, reference, together, "derived", termsOf(given) !== undefined);
        const loss = lossFromRowStates(Array.from(together), Array.from(own), given);
        t.check(loss, expected, t.judge("derived"), "loss on the host");
      }
    }
  });
}

/** m and z′_y are rounded before they are subtracted, where they are scaled. */
function rowSize(t: CaseContext, row: readonly number[], given: RowStateLossOptions): number {
  if (termsOf(given) === undefined) return 0;
  const largest = Math.max(...row.filter(Number.isFinite).map(Math.abs), 1);
  const scaled = Math.min(largest / ((given.temperature as number | undefined) ?? 1), given.softcap ?? infinity);
  return 4 * scaled * t.format.round(1);
}

/** What scales a confident row; the rows' losses stay above 0 and keep their digits. */
const confidentOptions: Readonly<Record<string, RowStateLossOptions>> = {
  temperature: { temperature: 0.7 },
  softcap: { softcap: 30 },
  both: { temperature: 1.3, softcap: 41 },
  focal: { temperature: 0.7, focal: 0.5 },
};

/** m and z′_y are rounded apart from each other: the loss of the likeliest class does not see it. */
async function confident(t: CaseContext, given: RowStateLossOptions): Promise<void> {
  const tops = [50.3, 20.1, 33.7, 17.9, 7.3];
  const logits = t.numbers(tops.flatMap((top) => [top, 0, 0, 1]));
  const labels = tops.map(() => 0);
  const terms = termsOf(given)!;
  const { rowLoss } = oracle({ rows: tops.length, classes: 4, logits, labels, terms });
  // A rounding of z′ is a relative one of the loss.
  const sizes = Array.from(rowLoss.values, (value, r) => value * (1 + tops[r]! * terms.inverseTemperature));
  const expected = { values: rowLoss.values, scale: sizes, terms: sizes };
  await inScope(t, async (scope) => {
    const z = scope.tensor(logits, [tops.length, 4]);
    const [left, right] = chunks(z, [0, 2, 4], given) as [Tensor, Tensor];
    const own = tops.map((_, r) => logits[4 * r]!);
    const merged = mergeRowStates(left, right);
    t.check(await t.read(lossFromRowStates(merged, scope.tensor(own), given)), expected, t.judge("derived"), "loss");
    const hosted = lossFromRowStates(Array.from(await t.read(merged)), own, given);
    t.check(hosted, expected, t.judge("derived"), "loss on the host");
  });
}

/** Row states as building blocks: vocabulary in chunks, on one device or several. */
export const rowStateCases: readonly Case[] = [
  ...Object.entries(options).flatMap(([name, given]) => [
    quick(`chunks-of-classes-${name}`, (t) =>
      merges(t, given.softcap === undefined ? finiteRows : unsaturatedRows, given),
    ),
    quick(`chunks-of-classes-not-finite-${name}`, (t) => merges(t, hostileRows, given), strictNonFinite),
  ]),
  quick("a-confident-row-keeps-its-tiny-loss", (t) =>
    inScope(t, async (scope) => {
      const z = scope.tensor([[50, 0, 0, 0]]);
      const [left, right] = chunks(z, [0, 2, 4], {}) as [Tensor, Tensor];
      const loss = await t.read(lossFromRowStates(mergeRowStates(left, right), scope.tensor([50])));
      const value = Math.log1p(3 * Math.exp(-50));
      t.check(loss, { values: [value], scale: [6 * value] }, t.judge("confident curvature"), "loss");
    }),
  ),
  ...Object.entries(confidentOptions).map(([name, given]) =>
    quick(`a-confident-row-keeps-its-tiny-loss-with-${name}`, (t) => confident(t, given)),
  ),
  quick(
    "the-identity-changes-nothing",
    async (t) => {
      await inScope(t, async (scope) => {
        const identity = scope.tensor([[-infinity, -1, 0]]);
        const state = scope.tensor([[2, 5, 0.5]]);
        t.same(await t.read(mergeRowStates(identity, state)), [2, 5, 0.5], "identity first");
        t.same(await t.read(mergeRowStates(state, identity)), [2, 5, 0.5], "identity last");
        t.same(await t.read(mergeRowStates(identity, identity)), [-infinity, -1, 0], "identities");
        const invalid = scope.tensor([[infinity, 2, nan]]);
        t.same(await t.read(mergeRowStates(identity, invalid)), [infinity, 2, nan], "a row that is invalid stays so");
        const none = await t.read(lossFromRowStates(identity, scope.tensor([0])));
        t.same(none, [nan], "the loss of no distribution");
      });
      t.same(mergeRowStates([-infinity, -1, 0], [2, 5, 0.5]), [2, 5, 0.5], "on the host");
      t.same(lossFromRowStates([-infinity, -1, 0], [0]), [nan], "loss on the host");
      // A device in float32 has no e^−150: that s′ is 0 does not make the label the class of the largest logit.
      t.same(lossFromRowStates([150, 1, 0], [0], { temperature: 2 }), [150], "a label far below the largest logit");
    },
    strictNonFinite,
  ),
  quick("what-is-differentiated-is-refused", (t) =>
    inScope(t, (scope) => {
      let error: unknown;
      try {
        scope.grad(
          (z) => {
            const own = reshape(slice(z, [0, 0], [1, 1]), [1]);
            return lossFromRowStates(rowStates(z), own);
          },
          scope.tensor([[1, 2]]),
        );
      } catch (thrown) {
        error = thrown;
      }
      t.expect(isSurprisalError(error, "GRADIENT"), `should throw a GradientError, not ${error}`);
    }),
  ),
];
