import type { TrainingObserver } from "./training.ts";

/** Where progress is shown. */
export interface Terminal {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

const BAR_WIDTH = 20;
const REFRESH_MS = 100;

/** Progress in Keras' manner: a bar that fills on a terminal (left out where it is narrow), one line an epoch anywhere else. */
export function progress(
  terminal: Terminal,
  epochs: number,
  now: () => number = () => performance.now(),
): TrainingObserver {
  let epochStart = now();
  let lastShown = Number.NEGATIVE_INFINITY;
  return {
    step({ epoch, step, steps, loss }) {
      if (step === 1) epochStart = now();
      if (!terminal.isTTY || now() - lastShown < REFRESH_MS) return;
      lastShown = now();
      const eta = ((now() - epochStart) / step) * (steps - step);
      const numbers = `${step}/${steps} - ETA ${seconds(eta)} - loss: ${loss.toFixed(4)}`;
      const width = (terminal.columns ?? 80) - 1;
      const whole = `Epoch ${epoch}/${epochs} ${bar(step / steps)} ${numbers}`;
      const line = whole.length <= width ? whole : `${epoch}/${epochs} ${numbers}`.slice(0, width);
      terminal.write(`\r${line}\x1b[K`);
    },
    epoch({ epoch, loss, test }) {
      const clear = terminal.isTTY ? "\r\x1b[K" : "";
      const took = seconds(now() - epochStart);
      const scores = `loss: ${loss.toFixed(4)} - test loss: ${test.loss.toFixed(4)} - test accuracy: ${percent(test.accuracy)}`;
      terminal.write(`${clear}Epoch ${epoch}/${epochs} - ${took} - ${scores}\n`);
    },
  };
}

/** `95.83 %` */
export function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}

/** `4.2s` */
export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)}s`;
}

function bar(done: number): string {
  const filled = Math.round(done * BAR_WIDTH);
  return "━".repeat(filled) + "─".repeat(BAR_WIDTH - filled);
}
