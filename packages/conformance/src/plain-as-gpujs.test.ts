import { plain } from "@surprisal/backend-cpu/plain";
import { deferred } from "./deferred.ts";
import { describeBackend } from "./vitest.ts";

describeBackend({ name: "plain under the rules of gpu.js passes every quick case", create: () => deferred(plain()) });
