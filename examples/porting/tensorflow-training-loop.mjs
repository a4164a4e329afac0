// A training loop, as TensorFlow and Swift for TensorFlow have it:
//
//   with tf.GradientTape() as tape:                                let (loss, gradients) = valueWithGradient(at: model) {
//     loss = loss_fn(labels, model(x))                               softmaxCrossEntropy(logits: $0(x), labels: labels)
//   gradients = tape.gradient(loss, model.trainable_variables)     }
//   optimizer.apply_gradients(zip(gradients, variables))           optimizer.update(&model, along: gradients)
import { plain } from "@surprisal/backend-cpu/plain";
import { linear, openDevice, zeros } from "@surprisal/core";
import { softmaxCrossEntropy } from "@surprisal/core/compat";
import { sgd } from "@surprisal/nn";

const device = await openDevice([plain()]);
const variables = { w: device.parameter(zeros(2, 3)), b: device.parameter(zeros(3)) };
const optimizer = sgd(variables, { learningRate: 0.5 });

const points = [
  [1, 0],
  [0, 1],
  [-1, -1],
];
const labels = [2, 0, 1];

for (let i = 0; i <= 100; i++) {
  await device.scoped(async (step) => {
    const x = step.tensor(points);
    const { value, gradients } = step.valueAndGrad(
      ({ w, b }) => softmaxCrossEntropy({ logits: linear(x, w, b), labels }),
      variables,
    );
    optimizer.update(gradients); // apply_gradients: the gradients have the structure of the variables
    if (i % 50 === 0) console.log(i, (await value.item()).toFixed(6));
  });
}

await device.close();
