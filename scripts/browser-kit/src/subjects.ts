import { cpu } from "@surprisal/backend-cpu";
import { plain } from "@surprisal/backend-cpu/plain";
import { gpujs } from "@surprisal/backend-gpujs";
import { workers } from "@surprisal/backend-workers";
import type { Subject } from "@surprisal/conformance";

/** The backends that a page can check. */
export const subjects = {
  "plain-f32": { name: "plain, float32", create: () => plain({ precision: "f32" }) },
  "cpu-relaxed": { name: "cpu, relaxed", create: () => cpu({ variant: "relaxed" }) },
  "cpu-strict": { name: "cpu, strict", create: () => cpu({ variant: "strict" }) },
  // The worker's own text, from which it starts, is an address of its own kind; `workersUrl` is a script that the server has.
  "workers-blob": { name: "workers, 4 threads", create: () => workers({ threads: 4 }) },
  "workers-url": {
    name: "workers from a script that is served",
    create: () => workers({ threads: 2, variant: "strict", workerUrl: "/worker.js" }),
  },
  "gpujs-webgl2": { name: "gpujs, WebGL 2", create: () => gpujs({ mode: "webgl2" }) },
  "gpujs-webgpu": { name: "gpujs, WebGPU", create: () => gpujs({ mode: "webgpu" }) },
} satisfies Record<string, Subject>;

export type SubjectName = keyof typeof subjects;
