import { execFile } from "node:child_process";
import { globSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const pages = globSync(["README.md", "CONTRIBUTING.md", "docs/**/*.md", "packages/*/README.md"], { cwd: root });
const texts = await Promise.all(pages.map((page) => readFile(join(root, page), "utf8")));
const examples = pages.flatMap((page, i) =>
  [...texts[i]!.matchAll(/```js\n(.*?)```/gs)].map((match, n) => ({
    name: `${page}, example ${n + 1}`,
    code: match[1]!,
  })),
);

/** The folder lies inside the workspace, so that packages resolve as they do for the reader. */
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(root, "apps", "trainer", ".examples-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** What an example says that it prints: the comments behind its console.log lines, where they are complete. */
function promisedOutput(code: string): string[] {
  return [...code.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)]
    .map((match) => match[1]!)
    .filter((line) => !line.includes("…"));
}

describe("every example of the docs runs and prints what it says", () => {
  test.each(examples)("$name", async ({ code }) => {
    const file = join(folder, `example-${examples.findIndex((example) => example.code === code)}.mjs`);
    await writeFile(file, code);
    const { stdout } = await promisify(execFile)(process.execPath, ["--conditions=@surprisal/source", file]);
    const printed = stdout.replaceAll(/\s+/g, " ");
    for (const line of promisedOutput(code)) expect(printed).toContain(line);
  });
});

test("every link of the docs to a file of this repository leads somewhere", async () => {
  for (const [i, text] of texts.entries()) {
    const prose = text.replaceAll(/`[^`\n]*`/g, "");
    for (const [, target] of prose.matchAll(/\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)/g)) {
      const path = join(root, pages[i]!, "..", target!);
      await expect(
        readFile(path).catch((error: NodeJS.ErrnoException) => error.code === "EISDIR" || Promise.reject(error)),
        `${pages[i]} → ${target}`,
      ).resolves.toBeTruthy();
    }
  }
});
