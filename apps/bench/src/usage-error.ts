/** A command line that asks for what there is not. */
export class UsageError extends Error {}

/** Runs a command; a wrong command line ends in one line and exit code 2. */
export async function command(run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    const usage = error instanceof UsageError || (error as { code?: string }).code?.startsWith("ERR_PARSE_ARGS");
    if (!usage) throw error;
    console.error(`error: ${(error as Error).message}`);
    process.exitCode = 2;
  }
}

/** The value of a flag that is a whole number from `low` on. */
export function wholeNumber(flag: string, text: string, low: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < low) {
    throw new UsageError(`${flag} is a whole number from ${low} on, not "${text}"`);
  }
  return value;
}
