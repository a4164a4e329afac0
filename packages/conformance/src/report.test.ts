import { expect, test } from "vitest";
import { report, type Verdict } from "./report.ts";
import { reportRows } from "./report-groups.ts";
import { reportHtml } from "./report-html.ts";
import { reportText } from "./report-text.ts";

const error = (ulp: number, scaled: number) => ({ quantity: "loss", ulp, scaled, ofAllowed: ulp / 3 });
const verdict = (id: string, of: Partial<Verdict> = {}): Verdict => ({
  id,
  group: id.slice(0, id.lastIndexOf("/")),
  status: "passed",
  ...of,
});
const verdicts = [
  verdict("ops/add/whole", { worst: error(0.5, 2e-8) }),
  verdict("ops/exp/of-numbers", { worst: error(0.25, 3e-8) }),
  verdict("kernel/gemm/plain", { status: "failed", message: "c[0]: expected <1>" }),
  verdict("kernel/gemm/batch", { status: "failed", message: "no adapter" }),
  verdict("kernel/gemm/nothing", { status: "failed", message: "no adapter" }),
  verdict("fusion/sgd", { status: "skipped", reason: "not offered" }),
];
const subject = report({ name: "a & b", tier: "quick", seed: 1, cases: 9 }, verdicts);

test("the ops are one row, with each worst error and its case", () => {
  expect(reportRows(subject)[0]).toEqual({
    group: "ops",
    passed: 2,
    failed: 0,
    skipped: 0,
    reasons: [],
    ulp: { value: 0.5, id: "ops/add/whole" },
    scaled: { value: 3e-8, id: "ops/exp/of-numbers" },
    ofAllowed: { value: 0.5 / 3, id: "ops/add/whole" },
  });
});

test("the text tells each failure once, with how many cases it took", () => {
  expect(reportText(subject)).toBe(`a & b
could not be opened; case set 9, tier quick, seed 1

group        passed  failed  skipped  worst ulp, case  worst scaled, case
ops               2       0        0  0.5 add/whole    3.0e-8 exp/of-numbers
kernel/gemm       0       3        0
fusion            0       0        1

failed:
  kernel/gemm/batch and 1 more: no adapter
  kernel/gemm/plain: c[0]: expected <1>

skipped:
  1: not offered

2 passed, 3 failed, 1 skipped`);
});

test("colours are asked for", () => {
  expect(reportText(subject, { color: true })).toContain("\u001b[31m2 passed, 3 failed, 1 skipped\u001b[0m");
});

test("the page escapes what backends and cases say", () => {
  const html = reportHtml(subject, "Node 1");
  expect(html).toContain("<h1>a &amp; b</h1>");
  expect(html).toContain("c[0]: expected &lt;1&gt;");
  expect(html).toContain("Node 1");
});
