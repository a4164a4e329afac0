// tf.GradientTape with a variable and reduce_mean:
//
//   w = tf.Variable([[1.0, 0.0, -1.0], [0.0, 0.0, 0.0]])
//   with tf.GradientTape() as tape:
//     loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=[0, 2], logits=tf.matmul(x, w)))
//   gradient = tape.gradient(loss, w)
import { plain } from "@surprisal/backend-cpu/plain";
import { matmul, mean, openDevice } from "@surprisal/core";
import { sparseSoftmaxCrossEntropyWithLogits } from "@surprisal/core/compat";

const device = await openDevice([plain()]);
const w = device.parameter([
  [1, 0, -1],
  [0, 0, 0],
]);

await device.scoped(async (step) => {
  const x = step.tensor([
    [1, 0],
    [0, 1],
  ]);
  const tape = step.gradientTape();
  const watched = tape.watch(w); // nothing is ambient: compute with what watch returns
  const logits = matmul(x, watched);
  const loss = mean(sparseSoftmaxCrossEntropyWithLogits({ labels: [0, 2], logits }));
  const gradient = tape.gradient(loss, watched);
  console.log(await loss.item());
  console.log(await gradient.array());
});

await device.close();
