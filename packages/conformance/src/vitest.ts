import { describe, test } from "vitest";
import { type DescribeOptions, describeBackend as describeWith } from "./describe-backend.ts";
import type { Subject } from "./session.ts";

export type { DescribeOptions } from "./describe-backend.ts";
export type { Subject } from "./session.ts";

/**
 * `describeBackend` with vitest's `describe` and `test`.
 * @example
 * describeBackend({ name: "plain", create: () => plain() });
 */
export function describeBackend(subject: Subject, options: DescribeOptions = {}): void {
  describeWith(subject, { describe, test }, options);
}
