import { cpu } from "@surprisal/backend-cpu";
import { plain } from "@surprisal/backend-cpu/plain";
import type { Subject } from "@surprisal/conformance";

/** The backends that a page can check. */
export const subjects = {
  "plain-f32": { name: "plain, float32", create: () => plain({ precision: "f32" }) },
  "cpu-relaxed": { name: "cpu, relaxed", create: () => cpu({ variant: "relaxed" }) },
  "cpu-strict": { name: "cpu, strict", create: () => cpu({ variant: "strict" }) },
} satisfies Record<string, Subject>;

export type SubjectName = keyof typeof subjects;
