// What other-engines.test.ts runs: prints what the kit, large calls and workers that die come to in this engine.
import { cpu } from "@surprisal/backend-cpu";
import { checkBackend } from "@surprisal/conformance";
import { workers } from "../src/index.ts";
import { inStep } from "./in-step.ts";
import { singleBlocks } from "./schedules.ts";
import { soak } from "./soak.ts";

const testing = { chunking: singleBlocks };
const create = () => inStep(cpu(), workers({ threads: 3, testing }));
const { passed, verdicts } = await checkBackend({ name: "workers in step with cpu", create }, { tier: "quick" });
const failed = verdicts.filter(({ status }) => status === "failed").map(({ id, message }) => `${id}: ${message}`);
const { deaths } = await soak({ seed: 6, deaths: 20 });
// Nothing keeps the program alive, though this is open.
await workers({ threads: 3 }).open({ onError() {} });
console.log(JSON.stringify({ passed, failed, deaths: Object.values(deaths).reduce((sum, count) => sum + count) }));
