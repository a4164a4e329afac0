import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const repository = new URL("../", import.meta.url);
const files = readdirSync(new URL(".changeset/", repository)).filter((file) => file.endsWith(".md"));

const published = readdirSync(new URL("packages/", repository)).flatMap((folder) => {
  const manifest = JSON.parse(readFileSync(new URL(`packages/${folder}/package.json`, repository), "utf8"));
  return manifest.private ? [] : [manifest.name];
});

// One that does not parse stops the whole release; a formatter of Markdown once made a heading of a front matter.
test.each(files)("%s names published packages and says what changed", (file) => {
  const text = readFileSync(new URL(`.changeset/${file}`, repository), "utf8");
  const [, bumps, summary] = /^---\n((?:"[^"]+": (?:patch|minor|major)\n)+)---\n\n(\S[\s\S]*)$/.exec(text) ?? [];
  expect(summary, `${file} is no changeset:\n${text}`).toBeDefined();
  for (const [, name] of bumps!.matchAll(/"([^"]+)"/g)) expect(published).toContain(name);
});
