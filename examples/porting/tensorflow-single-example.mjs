// A single example, without a batch. In TensorFlow:
//
//   tf.nn.sparse_softmax_cross_entropy_with_logits(labels=2, logits=[1.0, 2.0, 3.0])          # 0.40760595
//   tf.nn.softmax_cross_entropy_with_logits(labels=[0.0, 0.0, 1.0], logits=[1.0, 2.0, 3.0])   # the same
import { plain } from "@surprisal/backend-cpu/plain";
import { openDevice } from "@surprisal/core";
import { softmaxCrossEntropyWithLogits, sparseSoftmaxCrossEntropyWithLogits } from "@surprisal/core/compat";

const device = await openDevice([plain()]);
const logits = device.tensor([1, 2, 3]);

const loss = sparseSoftmaxCrossEntropyWithLogits({ labels: 2, logits });
console.log(loss.shape, await loss.item());

const same = softmaxCrossEntropyWithLogits({ labels: [0, 0, 1], logits });
console.log(same.shape, await same.item());

await device.close();
