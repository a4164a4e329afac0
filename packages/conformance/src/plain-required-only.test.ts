import { plain } from "@surprisal/backend-cpu/plain";
import { requiredOnly } from "./required-only.ts";
import { describeBackend } from "./vitest.ts";

describeBackend({
  name: "plain with its required kernels alone, in float32, passes every quick case",
  create: () => requiredOnly(plain()),
});

describeBackend({
  name: "plain with its required kernels alone, in float64, passes every quick case",
  create: () => requiredOnly(plain({ precision: "f64" })),
});
