import { describeBackend } from "@surprisal/conformance/vitest";
import { plain } from "./index.ts";

describeBackend({ name: "plain in float64 passes every quick case", create: () => plain({ precision: "f64" }) });
