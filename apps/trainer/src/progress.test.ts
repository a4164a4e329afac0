import { expect, test } from "vitest";
import { progress } from "./progress.ts";

function shown(terminal: { isTTY?: boolean; columns?: number }): string {
  let text = "";
  let time = 0;
  const observer = progress({ ...terminal, write: (part) => (text += part) }, 2, () => time);
  observer.step({ epoch: 1, step: 1, steps: 4, loss: 2.3 });
  time = 1000;
  observer.step({ epoch: 1, step: 2, steps: 4, loss: 1.5 });
  time = 2000;
  observer.epoch({ epoch: 1, loss: 1.2, test: { loss: 1.1, accuracy: 0.625 } });
  return text;
}

test("a terminal sees a bar with the time that is left, and one line when the epoch is over", () => {
  const text = shown({ isTTY: true, columns: 100 });
  expect(text).toContain("\rEpoch 1/2 ━━━━━━━━━━────────── 2/4 - ETA 1.0s - loss: 1.5000\x1b[K");
  expect(text).toContain("\r\x1b[KEpoch 1/2 - 2.0s - loss: 1.2000 - test loss: 1.1000 - test accuracy: 62.50 %\n");
});

test("a narrow terminal is never wrapped", () => {
  const [bar] = shown({ isTTY: true, columns: 20 }).split("\x1b[K");
  expect(bar).toBe("\r1/2 1/4 - ETA 0.0s ");
});

test("a file or a pipe gets the finished lines alone", () => {
  expect(shown({})).toBe("Epoch 1/2 - 2.0s - loss: 1.2000 - test loss: 1.1000 - test accuracy: 62.50 %\n");
});
