// @surprisal/backend-workers alone, through the contract: 2x + 1 on two threads.
import { workers } from "@surprisal/backend-workers";
import { answer } from "./answer.js";

const values = await answer(workers({ threads: 2 }));
if (values.join() !== "3,5,7") throw new Error(`workers answers ${values}`);
console.log("ok");
