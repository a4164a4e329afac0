import { expect, test } from "vitest";
import { unusedArguments } from "./equivalent-mutants.ts";
import { HitLimitError, mostHits, record, turnOff, turnOn } from "./mutant-switch.ts";
import { makeMutants } from "./mutants.ts";
import { mutationPage } from "./mutation-page.ts";

const { stryMutAct_9fa48: isOn, stryCov_9fa48: isRun } = (
  globalThis as unknown as {
    surprisalMutants: { stryMutAct_9fa48(id: string): boolean; stryCov_9fa48(...ids: string[]): void };
  }
).surprisalMutants;

test("one mutant at a time is on, and only so often", () => {
  turnOn(3, mostHits(0));
  expect([isOn("2"), isOn("3")]).toEqual([false, true]);
  expect(() => {
    while (isOn("3"));
  }).toThrow(HitLimitError);
  turnOff();
  expect(isOn("3")).toBe(false);
});

test("what is run is counted while it is recorded", () => {
  const counts = new Uint32Array(4);
  isRun("1");
  record(counts);
  isRun("1", "3");
  isRun("1");
  record(undefined);
  isRun("1");
  expect([...counts]).toEqual([0, 2, 0, 1]);
});

test("thousands of mutants are made, and every argument that one is equivalent is about one of them", async () => {
  const { mutants, width } = await makeMutants();
  expect(mutants.length).toBeGreaterThan(3000);
  expect(Math.max(...mutants.map(({ number }) => number))).toBe(width - 1);
  for (const folder of ["packages/backend-cpu/src/plain/", "packages/core/src/loss/"]) {
    expect(mutants.filter(({ file }) => file.startsWith(folder)).length).toBeGreaterThan(500);
  }
  expect(unusedArguments(mutants)).toEqual([]);
});

test("the page says whether its minutes are those of a whole run", () => {
  const run = { command: "pnpm mutation --write", environment: "here", minutes: 5 };
  expect(mutationPage([], { ...run, resumed: true })).toContain("5 minutes, resumed: ");
  expect(mutationPage([], { ...run, resumed: false })).not.toContain("resumed");
});
