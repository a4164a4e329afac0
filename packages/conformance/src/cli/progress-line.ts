import type { Verdict } from "../report.ts";

/** Tells how far a check is. */
export interface ProgressLine {
  show(verdict: Verdict, index: number, count: number): void;
  /** Takes the line away. */
  clear(): void;
}

/** So often the line changes, in milliseconds. */
const interval = 50;

/** On a terminal one line that changes; elsewhere a line for each failure, as it happens. */
export function progressLine(stream: NodeJS.WriteStream): ProgressLine {
  let failed = 0;
  let shown = 0;
  const erase = "\r\u001b[2K";
  return {
    show(verdict, index, count) {
      if (verdict.status === "failed") {
        failed++;
        if (!stream.isTTY) stream.write(`failed: ${verdict.id}: ${verdict.message}\n`);
      }
      if (!stream.isTTY || (index < count && Date.now() - shown < interval)) return;
      shown = Date.now();
      const line = `${index}/${count}${failed > 0 ? `, ${failed} failed` : ""}  ${verdict.id}`;
      stream.write(erase + line.slice(0, Math.max(20, stream.columns - 1)));
    },
    clear() {
      if (stream.isTTY) stream.write(erase);
    },
  };
}
