import plot from "simple-ascii-chart";
import type { Canvas } from "./terminal.ts";
import type { EpochProgress } from "./training-log.ts";

const HEIGHT = 8;
const AXIS_COLUMNS = 10;
const WIDEST = 60;
const MOST_TICKS = 8;
const [GREEN, YELLOW, DEFAULT] = ["\x1b[32m", "\x1b[33m", "\x1b[39m"];

/**
 * The losses of training and test over the epochs, as lines of text; empty for fewer than two epochs, or where there is no
 * room. Without colours two curves could not be told apart: the test loss alone is shown.
 */
export function lossPlot(epochs: readonly EpochProgress[], { columns = 80, colours = false }: Canvas): string {
  const width = Math.min(columns - AXIS_COLUMNS, WIDEST);
  if (epochs.length < 2 || width < 20) return "";
  const test = epochs.map(({ epoch, test: { loss } }) => [epoch, loss] as [number, number]);
  const training = epochs.map(({ epoch, loss }) => [epoch, loss] as [number, number]);
  const chart = plot(colours ? [training, test] : [test], {
    width,
    height: HEIGHT,
    customXAxisTicks: ticks(epochs.length),
    formatter: (value, { axis }) => (axis === "y" ? value.toFixed(3) : value),
    ...(colours && { color: ["ansiGreen", "ansiYellow"] as const }),
  });
  const title = colours
    ? `${GREEN}training loss${DEFAULT} and ${YELLOW}test loss${DEFAULT} by epoch`
    : "test loss by epoch";
  const lines = chart.split("\n").map((line) => line.trimEnd());
  return `${[title, ...lines.filter((line) => line !== "")].join("\n")}\n`;
}

/** A few epochs, the first and the last among them. */
function ticks(epochs: number): number[] {
  const every = Math.ceil((epochs - 1) / (MOST_TICKS - 1));
  const inner = Array.from({ length: Math.floor((epochs - 2) / every) }, (_, i) => 1 + (i + 1) * every);
  return [1, ...inner.filter((tick) => epochs - tick >= every), epochs];
}
