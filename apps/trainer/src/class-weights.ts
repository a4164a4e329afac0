/** What an error in each class costs: as often seen as others would be, or by class. */
export type ClassWeighting = "balanced" | Readonly<Record<number, number>>;

/**
 * The weight of each class. Balanced ones are rows / (classes · rows of the class), as in scikit-learn; a class without rows
 * weighs 1.
 */
export function classWeightsOf(weighting: ClassWeighting, labels: Uint8Array, classes: number): number[] {
  if (weighting !== "balanced") return Array.from({ length: classes }, (_, label) => weighting[label] ?? 1);
  const counts = new Array<number>(classes).fill(0);
  for (const label of labels) counts[label]!++;
  return counts.map((count) => (count === 0 ? 1 : labels.length / (classes * count)));
}
