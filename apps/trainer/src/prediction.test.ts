import { expect, test } from "vitest";
import { pictured, plainLines } from "./prediction.ts";

const prediction = { index: 3, class: 1, probabilities: [0.25, 0.75], label: 0 };
const size = { height: 3, width: 4 };
// Two rows full of ink, and one of paper with half the ink in one place.
const image = Uint8Array.of(255, 255, 0, 0, 255, 255, 0, 0, 0, 128, 0, 0);

test("a log file gets the guess and the probabilities", () => {
  expect(plainLines(prediction)).toEqual(["Image 3: 1 with 75.00 %, but it is labelled 0", "  25.00 75.00 %"]);
  expect(plainLines({ ...prediction, label: 1 })[0]).toBe("Image 3: 1 with 75.00 %, which is right");
});

test("a terminal gets a picture, two rows of it a line, and a bar for each class", () => {
  expect(pictured(prediction, image, size, {})).toEqual([
    "Image 3: 1 with 75.00 %, but it is labelled 0",
    "@@    0  25.00 % ━━━━━",
    " :    1  75.00 % ━━━━━━━━━━━━━━━",
  ]);
});

test("a narrow one gets the bars alone", () => {
  expect(pictured(prediction, image, size, { columns: 36 })[1]).toBe("0  25.00 % ━━━━━");
});
