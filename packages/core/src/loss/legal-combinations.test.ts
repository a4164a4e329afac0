import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { LOSS_SETTINGS, legalCombinations } from "./legal-combinations.ts";
import { LOSS_OPTIONS, type LossOptionName } from "./loss-options.ts";

const page = await readFile(new URL("../../../../docs/loss-options.md", import.meta.url), "utf8");

/** The cells of the table's rows, without what pads them. */
const rows = page
  .slice(page.indexOf("## What goes together"), page.indexOf("## In parts"))
  .split("\n")
  .filter((line) => line.startsWith("|"))
  .map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );

test("docs/loss-options.md prints the table that the code goes by", () => {
  const cells = (option: LossOptionName): string[] =>
    LOSS_SETTINGS.map((setting) => (legalCombinations[option][setting] === true ? "yes" : "—"));
  expect(rows[0]).toEqual(["option", ...LOSS_SETTINGS]);
  expect(rows.slice(2)).toEqual(LOSS_OPTIONS.map((option) => [`\`${option}\``, ...cells(option)]));
});

test("every option has a line with its formula, and a row in the table of combinations", () => {
  expect(Object.keys(legalCombinations).sort()).toEqual([...LOSS_OPTIONS].sort());
  for (const option of LOSS_OPTIONS) expect(page.split(`| \`${option}\``).length, option).toBe(3);
});
