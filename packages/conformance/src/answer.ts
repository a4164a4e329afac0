/** What a backend answered in a case, as it was compared with the oracle's answer. */
export interface Answer {
  /** The case. */
  readonly id: string;
  /** Which of the case's outputs. */
  readonly name: string;
  readonly values: ArrayLike<number>;
  /** What the error of value `i` is measured in. */
  scale(i: number): number;
}
