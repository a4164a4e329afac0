// @surprisal/core alone: it has no backend, and says so.
import { isSurprisalError, openDevice, zeros } from "@surprisal/core";
import { torch } from "@surprisal/core/compat";

if (zeros(2, 3).shape.join() !== "2,3") throw new Error("zeros(2, 3) has another shape");
if (torch.name === "") throw new Error("compat's preset has no name");
const error = await openDevice([]).catch((reason) => reason);
if (!isSurprisalError(error)) throw new Error(`openDevice([]) ended in ${error}`);
console.log("ok");
