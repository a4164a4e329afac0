import { plain } from "@surprisal/backend-cpu/plain";
import { expect, test } from "vitest";
import { checkBackend } from "../../check-backend.ts";

test.each(["f32", "f64"] as const)(
  "derived in %s, the logits of a linear layer never exist whole",
  async (precision) => {
    const { verdicts } = await checkBackend(
      { name: "plain", create: () => plain({ precision }) },
      { tier: "full", filter: (id) => id === "ops/linearCrossEntropy/logits-are-never-whole" },
    );
    expect(verdicts.map(({ status, message }) => message ?? status)).toEqual(["passed", "passed"]);
  },
);
