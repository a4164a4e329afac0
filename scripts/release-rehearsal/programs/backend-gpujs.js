// @surprisal/backend-gpujs alone, through the contract: 2x + 1 where there is a GPU, and a reason where there is none.
import { gpujs } from "@surprisal/backend-gpujs";
import { answer } from "./answer.js";

const reasons = /navigator\.gpu|no adapter|WebGL 2/;
const values = await answer(gpujs()).catch((/** @type {Error} */ { message }) => {
  if (!reasons.test(message)) throw new Error(`gpujs does not open, and says ${message}`);
  return [3, 5, 7];
});
if (values.join() !== "3,5,7") throw new Error(`gpujs answers ${values}`);
console.log("ok");
