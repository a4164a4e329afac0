import type { Scope, Shape, Tensor } from "@surprisal/core";
import type * as ops from "@surprisal/core/ops";
import type { Case, CaseContext } from "../../case.ts";
import type { ExpectedArray, NdArray } from "../../oracle/nd-array.ts";
import type { RandomNumbers } from "../../random-numbers.ts";
import type { Quantity } from "../../tolerance.ts";
import { caseGroup } from "../define.ts";

/** An op that core exports, by name. */
export type OpName = keyof typeof ops;

/** An op applied to inputs of given shapes. */
export interface Application {
  readonly shapes: readonly Shape[];
  /** The `i`-th number of the `input`-th input; normal if absent. */
  readonly numbers?: (random: RandomNumbers, i: number, input: number) => number;
  readonly apply: (...inputs: Tensor[]) => Tensor;
}

/** An application with what it should give. */
export interface ValueCase extends Application {
  readonly expected: (...inputs: NdArray[]) => ExpectedArray;
  readonly quantity: Quantity;
  readonly needs?: Case["needs"];
}

/** Cases of one op: values, or whatever else is to be run. */
export type OpCases = Readonly<Record<string, ValueCase | Case["run"]>>;

/** A value case of an op that computes nothing: every number is exact. */
export type MovingCase = Omit<ValueCase, "quantity">;

/** Value cases of moved numbers. */
export function exact(named: Readonly<Record<string, MovingCase>>): OpCases {
  return Object.fromEntries(Object.entries(named).map(([name, one]) => [name, { ...one, quantity: "exact" as const }]));
}

/** The cases of several ops. */
export type CasesByOp<Names extends OpName> = Readonly<Record<Names, readonly Case[]>>;

/** The cases `ops/<op>/<name>`. */
export function opCases(op: OpName, named: OpCases): readonly Case[] {
  const { quick } = caseGroup(`ops/${op}`);
  return Object.entries(named).map(([name, one]) =>
    typeof one === "function" ? quick(name, one) : quick(name, (t) => checkValue(t, one), one.needs),
  );
}

/** Runs `body` in a scope of its own, and fails if anything outlives it. */
export async function inScope(t: CaseContext, body: (scope: Scope) => void | Promise<void>): Promise<void> {
  const device = await t.open();
  const before = device.memory().handles;
  await device.scoped(body);
  const left = device.memory().handles - before;
  t.expect(left === 0, `${left} handles outlive the scope that they were made in`);
}

/** The inputs of an application, as the backend holds them. */
export function inputsOf(t: CaseContext, { shapes, numbers }: Application): readonly NdArray[] {
  return shapes.map((shape, input) => {
    const random = t.random(input);
    const length = shape.reduce((product, axis) => product * axis, 1);
    return { shape, data: t.generate(length, (i) => numbers?.(random, i, input) ?? random.normal()) };
  });
}

/** The numbers of arrays as tensors of a scope. */
export function tensors(scope: Scope, arrays: readonly NdArray[]): Tensor[] {
  return arrays.map((array) => scope.tensor(array));
}

async function checkValue(t: CaseContext, one: ValueCase): Promise<void> {
  const given = inputsOf(t, one);
  await inScope(t, async (scope) => {
    const inputs = tensors(scope, given);
    const device = await t.open();
    const before = device.memory().handles;
    const y = one.apply(...inputs);
    const made = device.memory().handles - before;
    t.expect(made <= 1, `the op leaves ${made} handles, and its result needs one`);
    await verify(t, y, one.expected(...given), one.quantity);
    for (const [i, input] of inputs.entries()) t.same(await t.read(input), given[i]!.data, `input ${i} afterwards`);
  });
}

/** Holds a tensor to what it should be, its shape included. */
export async function verify(
  t: CaseContext,
  y: Tensor,
  expected: ExpectedArray,
  quantity: Quantity,
  name = "result",
): Promise<void> {
  const [actual, wanted] = [y.shape.join(", "), expected.shape.join(", ")];
  t.expect(actual === wanted, `${name}: its shape is [${actual}], and should be [${wanted}]`);
  t.check(await t.read(y), expected, t.judge(quantity), name);
}
