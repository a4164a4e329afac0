// The published packages of this workspace with their versions, as npm takes them: name@version, in one line.
import { readdirSync, readFileSync } from "node:fs";

const packages = new URL("../packages/", import.meta.url);
const manifests = readdirSync(packages).map((folder) =>
  JSON.parse(readFileSync(new URL(`${folder}/package.json`, packages), "utf8")),
);
console.log(manifests.flatMap(({ private: own, name, version }) => (own ? [] : [`${name}@${version}`])).join(" "));
