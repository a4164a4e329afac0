import { expect, test } from "vitest";
import { progress } from "./progress.ts";
import type { Terminal } from "./terminal.ts";

function shown(terminal: Omit<Terminal, "write">, epoch = 1, epochs = 2, steps = 4): string {
  let text = "";
  let time = 0;
  const told = { images: 200, loss: 1.5, accuracy: 0.5 };
  const observer = progress({ ...terminal, write: (part) => (text += part) }, epochs, () => time);
  observer.begin(epoch);
  time = 1000;
  observer.step({ epoch, step: steps / 2, steps, ...told });
  time = 1010;
  observer.step({ epoch, step: steps / 2 + 1, steps, ...told });
  time = 2000;
  observer.epoch({ epoch, loss: 1.2, test: { loss: 1.1, accuracy: 0.625 } });
  return text;
}
const line = "Epoch 1/2 - 2.0s - loss 1.2000 - test loss 1.1000 - test accuracy 62.50 %\n";

test("a terminal sees a bar with the time that is left, and one line when the epoch is over", () => {
  expect(shown({ isTTY: true, columns: 100 })).toBe(
    `\rEpoch 1/2 ━━━━━━━━━━────────── 2/4 - ETA 1.0s -   200/s - loss 1.5000 - accuracy  50.00 %\x1b[K\r\x1b[K${line}`,
  );
});

test("colours are used where they are welcome", () => {
  expect(shown({ isTTY: true, columns: 100, colours: true })).toContain(
    "Epoch 1/2 \x1b[32m━━━━━━━━━━\x1b[39m──────────",
  );
});

test.each([
  [80, 1, 2, 4, "Epoch 1/2 ━━━━━───── 2/4 - ETA 1.0s -   200/s - loss 1.5000 - accuracy  50.00 %"],
  [80, 100, 100, 1000, "100/100 ━━━───  500/1000 - ETA 1.0s -   200/s - loss 1.5000 - accuracy  50.00 %"],
  [60, 1, 2, 4, "1/2 ━━━━━━━────── 2/4 ETA 1.0s   200/s loss 1.5000  50.00 %"],
  [20, 1, 2, 4, "1/2 2/4 ETA 1.0s   "],
])("a terminal of %d columns is never wrapped", (columns, epoch, epochs, steps, bar) => {
  const [first] = shown({ isTTY: true, columns }, epoch, epochs, steps).split("\x1b[K");
  expect(first!.length).toBeLessThanOrEqual(columns); // the carriage return and columns − 1
  expect(first).toBe(`\r${bar}`);
});

test("an epoch's line has at most 80 columns", () => {
  let text = "";
  let time = 0;
  const observer = progress({ write: (part) => (text += part) }, 1000, () => time);
  observer.begin(1000);
  time = 999_000;
  observer.epoch({ epoch: 1000, loss: 1.2, test: { loss: 1.1, accuracy: 1 } });
  expect(text.length - 1).toBeLessThanOrEqual(80);
});

test("a file or a pipe gets the finished lines alone", () => {
  expect(shown({})).toBe(line);
});

test("an unfinished bar is taken away, once", () => {
  let text = "";
  let time = 0;
  const shown = progress({ isTTY: true, write: (part) => (text += part) }, 2, () => time);
  shown.begin(1);
  time = 500;
  shown.step({ epoch: 1, step: 1, steps: 4, images: 10, loss: 1, accuracy: 0 });
  const before = text;
  shown.stop();
  shown.stop();
  expect(text).toBe(`${before}\r\x1b[K`);
});
