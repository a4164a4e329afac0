import { describeBackend } from "@surprisal/conformance/vitest";
import { cpu } from "./index.ts";

describeBackend({ name: "cpu without relaxed SIMD passes every quick case", create: () => cpu({ variant: "strict" }) });
