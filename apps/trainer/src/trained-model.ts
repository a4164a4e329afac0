import type { Device } from "@surprisal/core";
import { buildModel, loadStateDict, type Model, stateDict } from "@surprisal/nn";
import { perceptron } from "./model.ts";
import { UsageError } from "./usage-error.ts";
import type { Weights } from "./weights-file.ts";

/** The model that a weights file holds. */
export function trainedModel(device: Device, { widths, state }: Weights): Model {
  const model = buildModel(device, perceptron(widths));
  loadStateDict(model.parameters, state);
  return model;
}

/** Refuses images or classes that the model was not made for. */
export function checkFits(
  file: string,
  { widths }: Weights,
  { name, height, width, classes }: { name: string; height: number; width: number; classes: number },
): void {
  if (widths[0] !== height * width) {
    throw new UsageError(
      `${file} takes images of ${widths[0]} pixels, but ${name} has ${height} × ${width} = ${height * width}; give the --data it was trained on`,
    );
  }
  if (widths.at(-1) !== classes) {
    throw new UsageError(`${file} tells ${widths.at(-1)} classes apart, but ${name} has ${classes}; give other --data`);
  }
}

/** A model's weights, and the widths of its layers. */
export async function weightsOf(model: Model): Promise<Pick<Weights, "state" | "widths">> {
  const state = await stateDict(model.parameters);
  const shapes = Object.values(state).map(({ shape }) => shape);
  const products = shapes.filter(({ length }) => length === 2);
  return { state, widths: [products[0]![0]!, ...products.map(([, units]) => units!)] };
}
