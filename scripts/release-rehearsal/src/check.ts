/** One thing that was tried, for the table and the last line. */
export interface Check {
  readonly group: string;
  readonly name: string;
  /** Why it failed; absent when it passed. */
  readonly failure?: string | undefined;
  readonly milliseconds: number;
}

/** Tries something; what it throws is the failure. */
export async function check(group: string, name: string, attempt: () => unknown): Promise<Check> {
  const start = performance.now();
  let failure: string | undefined;
  try {
    await attempt();
  } catch (error) {
    failure = error instanceof Error ? error.message : String(error);
  }
  return { group, name, failure, milliseconds: performance.now() - start };
}
