import { oneLine } from "./one-line.ts";

/** Where output is shown. */
export interface Terminal {
  /** Whether someone watches: lines may be written over. */
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  /** Whether colours are welcome. */
  readonly colours?: boolean;
  write(text: string): unknown;
}

/** What text is laid out for. */
export type Canvas = Pick<Terminal, "columns" | "colours">;

/** Both ways out. */
export interface Terminals {
  readonly out: Terminal;
  readonly err: Terminal;
}

interface Stream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** A stream as a terminal, by the customs of TERM=dumb and NO_COLOR (https://no-color.org). */
export function terminalOf(stream: Stream, { TERM, NO_COLOR }: NodeJS.ProcessEnv): Terminal {
  const isTTY = stream.isTTY === true && TERM !== "dumb";
  return {
    isTTY,
    colours: isTTY && !NO_COLOR,
    // Asked anew each time: windows change their size.
    get columns() {
      return stream.columns;
    },
    write: (text) => stream.write(text),
  };
}

const LABEL_WIDTH = 10;

/** One line `Model     784-128-10`, shortened where a terminal would wrap it. */
export function writeFact({ isTTY, columns = 80, write }: Terminal, label: string, text: string): void {
  const line = `${label.padEnd(LABEL_WIDTH)}${oneLine(text)}`;
  write(`${isTTY && line.length > columns ? `${line.slice(0, columns - 1)}…` : line}\n`);
}
