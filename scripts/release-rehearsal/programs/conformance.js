// @surprisal/conformance and its peer: a backend that cannot be opened fails, with its reason.
import { cases, checkBackend } from "@surprisal/conformance";

const subject = {
  name: "absent",
  create: () => ({
    name: "absent",
    open() {
      throw new Error("there is none here");
    },
  }),
};
const report = await checkBackend(subject, { filter: (id) => id === cases[0]?.id });
if (report.failed === 0) throw new Error("a backend that cannot be opened passed");
console.log("ok");
