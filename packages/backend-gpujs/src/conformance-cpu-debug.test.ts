import { describeBackend } from "@surprisal/conformance/vitest";
import { gpujs } from "./gpujs.ts";

// The same sources as on a GPU, where there is none.
describeBackend({ name: "gpujs, cpu-debug", create: () => gpujs({ mode: "cpu-debug" }) });
