// The loss by hand, as one writes it in NumPy (float64), naive and stable, beside ours.
//
//   def naive(z, y):  p = np.exp(z) / np.exp(z).sum(); return -np.log(p[y])
//   def stable(z, y): z = z - z.max(); return np.log(np.exp(z).sum()) - z[y]
import { plain } from "@surprisal/backend-cpu/plain";
import { openDevice, softmaxCrossEntropy } from "@surprisal/core";

const total = (values) => values.reduce((a, b) => a + b, 0);

function naive(z, y) {
  const e = z.map(Math.exp);
  return -Math.log(e[y] / total(e));
}

function stable(z, y) {
  const shifted = z.map((value) => value - Math.max(...z));
  return Math.log(total(shifted.map(Math.exp))) - shifted[y];
}

const device = await openDevice([plain({ precision: "f64" })]);
const ours = async (z, y) => softmaxCrossEntropy(device.tensor(z), { labels: y }).item();

const samples = [
  { says: "an ordinary row", z: [1, 2, 3], y: 2 },
  { says: "±500: the naive one divides by what overflows or is 0", z: [500, -500, 0], y: 1 },
  { says: "1000: exp overflows", z: [1000, 999, 998], y: 0 },
  { says: "a margin of 50: 1 + 3.9e-22 is 1 in any float", z: [50, 0, 0], y: 0 },
];
for (const { says, z, y } of samples) {
  console.log(`${says}: naive ${naive(z, y)}, stable ${stable(z, y)}, ours ${await ours(z, y)}`);
}

await device.close();
