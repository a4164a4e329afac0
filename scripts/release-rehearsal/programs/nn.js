// @surprisal/nn and its peer: random streams and weights in files need no device.
import { decodeSafetensors, encodeSafetensors, permutation, randomStream } from "@surprisal/nn";

const order = permutation(5, randomStream(7));
if ([...order].sort().join() !== "0,1,2,3,4") throw new Error(`${order} is no permutation`);
const bytes = encodeSafetensors({ w: { shape: [2], data: new Float32Array([1, -0.5]) } });
const { tensors } = decodeSafetensors(bytes);
if (tensors.w?.data[1] !== -0.5) throw new Error("a saved tensor came back changed");
console.log("ok");
