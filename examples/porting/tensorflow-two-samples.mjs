// tf.nn.softmax_cross_entropy_with_logits and its sparse sibling, on the two samples of TensorFlow's documentation:
//
//   logits = [[4.0, 2.0, 1.0], [0.0, 5.0, 1.0]]
//   tf.nn.softmax_cross_entropy_with_logits(labels=[[1.0, 0.0, 0.0], [0.0, 0.8, 0.2]], logits=logits)  # [0.16984604, 0.82474494]
//   tf.nn.sparse_softmax_cross_entropy_with_logits(labels=[0, 1], logits=logits)
import { plain } from "@surprisal/backend-cpu/plain";
import { mean, openDevice } from "@surprisal/core";
import { softmaxCrossEntropyWithLogits, sparseSoftmaxCrossEntropyWithLogits } from "@surprisal/core/compat";

const device = await openDevice([plain()]);
const logits = device.tensor([
  [4, 2, 1],
  [0, 5, 1],
]);

// Distributions, one-hot or soft: one loss a row.
const labels = [
  [1, 0, 0],
  [0, 0.8, 0.2],
];
console.log(await softmaxCrossEntropyWithLogits({ labels, logits }).array());

// Class indices: one a row, and never one-hot rows. The two functions refuse each other's labels by name.
const sparse = sparseSoftmaxCrossEntropyWithLogits({ labels: [0, 1], logits });
console.log(await sparse.array());

// tf.reduce_mean
console.log(await mean(sparse).item());

await device.close();
