import type { Parameter } from "@surprisal/core";
import { clipByGlobalNorm, clipByValue } from "../optimizers/clip.ts";
import type { Optimizer } from "../optimizers/optimizer.ts";
import type { Schedule } from "../optimizers/schedules.ts";
import { within } from "./evaluate.ts";
import type { BatchTotal } from "./scores.ts";
import { type Batch, type BatchLoss, batchLoss, batchTotals, type Task } from "./task.ts";

/** How gradients become a step. */
export interface StepRule {
  readonly optimizer: Optimizer<Readonly<Record<string, Parameter>>>;
  /** The learning rate of each step; the optimizer's own where absent. */
  readonly schedule: Schedule | undefined;
  readonly clipValue: number | undefined;
  readonly globalClipNorm: number | undefined;
}

/** One step of training on a batch. `read` asks for its numbers before they are freed. */
export function trainStep<X>(
  task: Task<X>,
  rule: StepRule,
  batch: Batch,
  seed: number,
  read: (totals: readonly BatchTotal[]) => void,
): void {
  const { model } = task;
  const { optimizer, schedule, clipValue, globalClipNorm } = rule;
  within(model.device, (step) => {
    let scored: BatchLoss | undefined;
    const run = step.valueAndGrad((parameters) => {
      const options = { parameters, training: true, step: optimizer.steps, seed };
      scored = batchLoss("fit", task, batch, step, options);
      return { value: scored.loss.mean, aux: scored.logits };
    }, model.parameters);
    let { gradients } = run;
    if (clipValue !== undefined) gradients = clipByValue(gradients, clipValue);
    if (globalClipNorm !== undefined) gradients = clipByGlobalNorm(gradients, globalClipNorm).gradients;
    if (schedule !== undefined) optimizer.learningRate = schedule(optimizer.steps);
    optimizer.update(gradients);
    const { loss } = scored!;
    read(batchTotals(task, { ...scored!, loss: { ...loss, mean: run.value }, logits: run.aux }));
  });
}
