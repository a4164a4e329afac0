import { constants } from "node:os";

type Interrupt = "SIGINT" | "SIGTERM";

/** Ctrl-C and kill, as a signal that work may end by. */
export interface Interrupts {
  readonly signal: AbortSignal;
  /** What the process should end with, once there was one: 130 or 143, as shells have it. */
  exitCode(): number | undefined;
  /** Lets signals end the process again. */
  release(): void;
}

/** Listens from here on. The first one only sets the signal; the second ends the process at once. */
export function listenForInterrupts(): Interrupts {
  const controller = new AbortController();
  let code: number | undefined;
  const interrupt = (name: Interrupt): void => {
    const again = code !== undefined;
    code = 128 + constants.signals[name];
    if (again) process.exit(code);
    controller.abort();
  };
  const names: readonly Interrupt[] = ["SIGINT", "SIGTERM"];
  for (const name of names) process.on(name, interrupt);
  return {
    signal: controller.signal,
    exitCode: () => code,
    release() {
      for (const name of names) process.off(name, interrupt);
    },
  };
}
