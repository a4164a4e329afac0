import { plain } from "@surprisal/backend-cpu/plain";
import { describeBackend } from "./vitest.ts";

describeBackend({ name: "plain in float64 passes every quick case", create: () => plain({ precision: "f64" }) });
