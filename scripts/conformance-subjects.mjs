// Where our backends are checked. A backend joins with a line here; one for a page also with a line in
// scripts/browser-kit/src/subjects.ts.
import { cpu } from "@surprisal/backend-cpu";
import { plain } from "@surprisal/backend-cpu/plain";
import { gpujs } from "@surprisal/backend-gpujs/node";
import { workers } from "@surprisal/backend-workers";
import { softwareGpu } from "@surprisal/browser-kit";
import { deferred } from "@surprisal/conformance";
import { softwareVulkan } from "./software-vulkan.mjs";

const driver = softwareVulkan();
if (driver !== undefined) process.env.VK_ICD_FILENAMES = driver;

/**
 * @typedef {object} ConformanceSubject
 * @property {string} backend what `--backend` selects
 * @property {string} name
 * @property {() => import("@surprisal/core").BackendProvider} [create] checks it in this process
 * @property {import("@surprisal/browser-kit").SubjectName} [page] checks it on a page of Chromium
 * @property {import("@surprisal/browser-kit/chromium").ChromiumOptions} [chromium] how to launch that Chromium
 * @property {boolean} [mayBeMissing] whether a machine may lack its device; the table then says why, and nothing has failed
 */

/** @type {readonly ConformanceSubject[]} */
export const subjects = [
  { backend: "plain", name: "plain, float32", create: () => plain({ precision: "f32" }) },
  { backend: "plain", name: "plain, float64", create: () => plain({ precision: "f64" }) },
  { backend: "plain", name: "plain as gpu.js, float32", create: () => deferred(plain({ precision: "f32" })) },
  { backend: "plain", name: "plain as gpu.js, float64", create: () => deferred(plain({ precision: "f64" })) },
  { backend: "cpu", name: "cpu, relaxed", create: () => cpu({ variant: "relaxed" }) },
  { backend: "cpu", name: "cpu, strict", create: () => cpu({ variant: "strict" }) },
  { backend: "workers", name: "workers, 4 threads", create: () => workers({ threads: 4 }) },
  { backend: "gpujs", name: "gpujs, WebGPU", create: () => gpujs(), mayBeMissing: true },
  { backend: "plain", name: "plain, float32, in Chromium", page: "plain-f32" },
  { backend: "cpu", name: "cpu, relaxed, in Chromium", page: "cpu-relaxed" },
  { backend: "cpu", name: "cpu, strict, in Chromium", page: "cpu-strict" },
  { backend: "workers", name: "workers, strict, 2 threads, in Chromium", page: "workers-url" },
  { backend: "gpujs", name: "gpujs, WebGL 2, in Chromium", page: "gpujs-webgl2", chromium: softwareGpu },
  { backend: "gpujs", name: "gpujs, WebGPU, in Chromium", page: "gpujs-webgpu", chromium: softwareGpu },
];
