// Writes core's version where its code can read it. Part of `pnpm run version`; a test of core compares the two.
import { readFileSync, writeFileSync } from "node:fs";

const core = new URL("../packages/core/", import.meta.url);
const { version } = JSON.parse(readFileSync(new URL("package.json", core), "utf8"));
const file = new URL("src/version.ts", core);
const text = readFileSync(file, "utf8").replace(/version = ".*"/, `version = "${version}"`);
writeFileSync(file, text);
