import { describeBackend } from "@surprisal/conformance/vitest";
import { workers } from "./index.ts";

describeBackend({ name: "workers, 4 threads, pass every quick case", create: () => workers({ threads: 4 }) });
