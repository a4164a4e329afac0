// Keras: compile and fit with integer labels.
//
//   model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(3, activation="softmax")])
//   model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
//   model.fit(x, y, epochs=40)
import { plain } from "@surprisal/backend-cpu/plain";
import { openDevice } from "@surprisal/core";
import { sparseCategoricalCrossentropy } from "@surprisal/core/compat";
import { buildModel, compile, dense, sequential } from "@surprisal/nn";

const device = await openDevice([plain()]);

// Which third of the circle does a point lie in?
const angles = Array.from({ length: 300 }, (_, i) => (i * 2 * Math.PI) / 300);
const x = angles.map((angle) => [Math.cos(angle), Math.sin(angle)]);
const y = angles.map((angle) => Math.floor((angle * 3) / (2 * Math.PI)));

const layers = sequential([dense(16, { activation: "relu", inputShape: [2] }), dense(3, { activation: "softmax" })]);
const model = buildModel(device, layers, { seed: 7 });
const classifier = compile(model, {
  optimizer: "adam",
  loss: "sparse_categorical_crossentropy",
  metrics: ["accuracy"],
});
const { history } = await classifier.fit(x, y, { epochs: 40 });
console.log(history.loss.length, history.loss.at(-1) < history.loss[0] / 2);

const { loss, accuracy } = await classifier.evaluate(x, y);
console.log(accuracy > 0.9);

// The same loss as a function: y_true, then y_pred, which here is the output of a softmax.
await device.scoped(async (step) => {
  const rows = sparseCategoricalCrossentropy(y, model.apply(step.tensor(x)));
  const losses = await rows.data();
  console.log(Math.abs(losses.reduce((a, b) => a + b) / 300 - loss) < 1e-5);
});

await device.close();
