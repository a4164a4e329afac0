import { constantRate, cosineDecay, linearDecay, type Schedule } from "@surprisal/nn";

/** What `--schedule` chooses from: the learning rate of each step, from its height on. */
export const schedules = {
  constant: (learningRate) => constantRate(learningRate),
  cosine: (learningRate, steps) => cosineDecay({ learningRate, steps }),
  linear: (learningRate, steps) => linearDecay({ learningRate, steps }),
} as const satisfies Readonly<Record<string, (learningRate: number, steps: number) => Schedule>>;

export type ScheduleName = keyof typeof schedules;
