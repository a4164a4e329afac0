/** `95.83 %` */
export function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}

/** `4.2s`, `123s` */
export function seconds(milliseconds: number): string {
  const value = milliseconds / 1000;
  return `${value < 99.95 ? value.toFixed(1) : value.toFixed(0)}s`;
}

/** `0.1234`, `1.16e+27` */
export function lossText(loss: number): string {
  return loss < 1e4 ? loss.toFixed(4) : loss.toExponential(2);
}
