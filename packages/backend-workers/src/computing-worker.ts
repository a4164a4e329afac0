// The script of a worker that computes.
import { begin } from "./begin.ts";
import { compute } from "./compute.ts";
import type { WorkerSetup } from "./worker-setup.ts";

begin<WorkerSetup>(compute);
