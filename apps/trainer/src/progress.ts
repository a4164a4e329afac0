import { lossText, percent, seconds } from "./numbers.ts";
import type { Canvas, Terminal } from "./terminal.ts";
import type { EpochProgress, StepProgress, TrainingObserver } from "./training-log.ts";

const WIDEST_BAR = 20;
const NARROWEST_BAR = 5;
const REFRESH_MS = 100;

export interface Progress extends TrainingObserver {
  /** Takes an unfinished bar away. */
  stop(): void;
}

/** Progress in Keras' manner: a bar that fills on a terminal (left out where it is narrow), one line an epoch anywhere else. */
export function progress(terminal: Terminal, epochs: number, now: () => number = () => performance.now()): Progress {
  let epochStart = now();
  let lastShown = Number.NEGATIVE_INFINITY;
  let unfinished = false;
  const clear = (): void => {
    if (unfinished) terminal.write("\r\x1b[K");
    unfinished = false;
  };
  return {
    begin() {
      epochStart = now();
    },
    step(step) {
      if (!terminal.isTTY || now() - lastShown < REFRESH_MS) return;
      lastShown = now();
      unfinished = true;
      terminal.write(`\r${barLine(terminal, epochs, step, now() - epochStart)}\x1b[K`);
    },
    epoch(progress) {
      clear();
      terminal.write(`${epochLine(epochs, progress, now() - epochStart)}\n`);
    },
    stop: clear,
  };
}

/** At most 80 columns, up to a thousand epochs of a thousand seconds. */
function epochLine(epochs: number, { epoch, loss, test }: EpochProgress, took: number): string {
  const scores = `loss ${lossText(loss)} - test loss ${lossText(test.loss)} - test accuracy ${percent(test.accuracy)}`;
  return `Epoch ${epoch}/${epochs} - ${seconds(took)} - ${scores}`;
}

/** The fullest form that leaves the last column free, so that no terminal wraps it. */
function barLine({ columns = 80, colours = false }: Canvas, epochs: number, step: StepProgress, took: number): string {
  const eta = `ETA ${seconds((took / step.step) * (step.steps - step.step))}`;
  // Numbers keep their places while they change.
  const rate = `${took === 0 ? 0 : Math.round((1000 * step.images) / took)}/s`.padStart(7);
  const accuracy = percent(step.accuracy).padStart(8);
  const loss = `loss ${lossText(step.loss)}`;
  const count = `${String(step.step).padStart(String(step.steps).length)}/${step.steps}`;
  const full = [count, eta, rate, loss, `accuracy ${accuracy}`].join(" - ");
  const short = [count, eta, rate, loss, accuracy].join(" ");
  const width = columns - 1;
  for (const [head, numbers] of [
    [`Epoch ${step.epoch}/${epochs}`, full],
    [`${step.epoch}/${epochs}`, full],
    [`${step.epoch}/${epochs}`, short],
  ] as const) {
    const room = Math.min(width - head.length - numbers.length - 2, WIDEST_BAR);
    if (room >= NARROWEST_BAR) return `${head} ${bar(step.step / step.steps, room, colours)} ${numbers}`;
  }
  return `${step.epoch}/${epochs} ${short}`.slice(0, width);
}

function bar(done: number, width: number, colours: boolean): string {
  const filled = Math.round(done * width);
  const [on, off] = colours ? ["\x1b[32m", "\x1b[39m"] : ["", ""];
  return `${on}${"━".repeat(filled)}${off}${"─".repeat(width - filled)}`;
}
