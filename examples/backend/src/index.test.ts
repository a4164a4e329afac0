import { describeBackend } from "@surprisal/conformance/vitest";
import { mine } from "./index.ts";

describeBackend({ name: "mine", create: () => mine() });
