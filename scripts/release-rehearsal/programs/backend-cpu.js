// @surprisal/backend-cpu alone, through the contract: 2x + 1 on both of its backends.
import { cpu } from "@surprisal/backend-cpu";
import { plain } from "@surprisal/backend-cpu/plain";
import { answer } from "./answer.js";

for (const provider of [cpu(), plain()]) {
  const values = await answer(provider);
  if (values.join() !== "3,5,7") throw new Error(`${provider.name} answers ${values}`);
}
console.log("ok");
