// The script of a worker that computes, or coordinates those that do: what `workerUrl` serves.
import { begin, type World } from "./begin.ts";
import { compute } from "./compute.ts";
import { type CoordinatorSetup, coordinate } from "./coordinate.ts";
import type { WorkerSetup } from "./worker-setup.ts";

begin<WorkerSetup | CoordinatorSetup>((world) => {
  if ("worker" in world.setup) compute(world as World<WorkerSetup>);
  else coordinate(world as World<CoordinatorSetup>);
});
