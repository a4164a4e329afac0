// PyTorch: a Module with Linear(784, 10) and log_softmax, NLLLoss and Adam.
//
//   class Net(nn.Module):
//     def __init__(self):
//       super().__init__()
//       self.fc = nn.Linear(784, 10)
//     def forward(self, x):
//       return F.log_softmax(self.fc(x), dim=1)
//
//   net, criterion = Net(), nn.NLLLoss()
//   optimizer = optim.Adam(net.parameters(), lr=1e-3)
//   for epoch in range(20):
//     optimizer.zero_grad()
//     loss = criterion(net(images), labels)
//     loss.backward()
//     optimizer.step()
import { plain } from "@surprisal/backend-cpu/plain";
import { argmax, logSoftmax, openDevice } from "@surprisal/core";
import { crossEntropy, nllLoss } from "@surprisal/core/compat";
import { adam, buildModel, linear, randomStream, sequential } from "@surprisal/nn";

const device = await openDevice([plain()]);
const net = buildModel(device, sequential([linear(784, 10), (x) => logSoftmax(x, 1)]), { seed: 1 });
const optimizer = adam(net.parameters, { learningRate: 1e-3 });

// Ten noisy images of each of ten digits that nobody has seen before.
const random = randomStream(1);
const image = (pixel) => Float32Array.from({ length: 784 }, (_, i) => pixel(i));
const digits = Array.from({ length: 10 }, () => image(() => random.nextFloat()));
const labels = Array.from({ length: 100 }, (_, i) => i % 10);
const images = labels.map((label) => image((i) => digits[label][i] + random.nextFloat() - 0.5));
const pixels = images.map((row) => [...row]);

const losses = [];
for (let epoch = 0; epoch < 20; epoch++) {
  await device.scoped(async (step) => {
    const x = step.tensor(pixels);
    // zero_grad and backward are one: gradients are values.
    const { value, gradients } = step.valueAndGrad(
      (parameters) => nllLoss(net.apply(x, { parameters }), labels),
      net.parameters,
    );
    optimizer.update(gradients);
    losses.push(await value.item());
  });
}
console.log(losses[0] > 2, losses.at(-1) < 0.5);

await device.scoped(async (step) => {
  const output = net.apply(step.tensor(pixels));
  const guesses = await argmax(output).data();
  console.log(guesses.every((guess, i) => guess === labels[i]));
  // F.nll_loss(F.log_softmax(z)) is F.cross_entropy(z); and of log-probabilities, of these too.
  console.log((await nllLoss(output, labels).item()) - (await crossEntropy(output, labels).item()) < 1e-6);
});

await device.close();
