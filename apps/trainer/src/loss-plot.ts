import plot from "simple-ascii-chart";
import type { Canvas } from "./terminal.ts";
import type { EpochProgress } from "./training-log.ts";

const HEIGHT = 8;
const AXIS_COLUMNS = 10;
const WIDEST = 60;
const MOST_TICKS = 8;
const MOST_DOTS = 16;
const DOT = "●";
const [GREEN, YELLOW, DEFAULT] = ["\x1b[32m", "\x1b[33m", "\x1b[39m"];

/**
 * The losses of training and test over the epochs, as lines of text; empty for fewer than two epochs, or where there is no
 * room. Training is a line and the test dots upon it, so that both are seen where they are one, with colours or without.
 */
export function lossPlot(epochs: readonly EpochProgress[], { columns = 80, colours = false }: Canvas): string {
  const width = Math.min(columns - AXIS_COLUMNS, WIDEST);
  if (epochs.length < 2 || width < 20) return "";
  const losses = epochs.flatMap(({ loss, test }) => [loss, test.loss]);
  const dots = ticks(epochs.length, MOST_DOTS).map((epoch) => ({ x: epoch, y: epochs[epoch - 1]!.test.loss }));
  const chart = plot(
    epochs.map(({ epoch, loss }) => [epoch, loss] as [number, number]),
    {
      width,
      height: HEIGHT,
      yRange: [Math.min(...losses), Math.max(...losses)],
      customXAxisTicks: ticks(epochs.length, MOST_TICKS),
      formatter: (value, { axis }) => (axis === "y" ? value.toFixed(3) : value),
      points: dots.map((dot) => (colours ? { ...dot, color: "ansiYellow" } : dot)),
      symbols: { point: DOT },
      ...(colours && { color: "ansiGreen" }),
    },
  );
  const [green, yellow, normal] = colours ? [GREEN, YELLOW, DEFAULT] : ["", "", ""];
  const title = `${green}━ training loss${normal} and ${yellow}${DOT} test loss${normal} by epoch`;
  const lines = chart.split("\n").map((line) => line.trimEnd());
  return `${[title, ...lines.filter((line) => line !== "")].join("\n")}\n`;
}

/** A few epochs, the first and the last among them. */
function ticks(epochs: number, most: number): number[] {
  const every = Math.ceil((epochs - 1) / (most - 1));
  const inner = Array.from({ length: Math.floor((epochs - 2) / every) }, (_, i) => 1 + (i + 1) * every);
  return [1, ...inner.filter((tick) => epochs - tick >= every), epochs];
}
