import { describeBackend } from "@surprisal/conformance/vitest";
import { describe, test } from "vitest";
import { cpu } from "./index.ts";
import { loadKernelModule } from "./kernels/index.ts";

const name = "cpu with relaxed SIMD passes every quick case";
const refusal = await loadKernelModule("relaxed").then(
  () => undefined,
  ({ message }: Error) => message,
);

if (refusal === undefined) describeBackend({ name, create: () => cpu({ variant: "relaxed" }) });
else describe(name, () => test("is skipped", ({ skip }) => skip(refusal)));
