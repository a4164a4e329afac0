// Lists the deliberately wrong backends of the kit's own tests with the cases that catch each, as docs/wrong-backends.md;
// with --write it replaces that page. wrong-backends.test.ts holds the page to the tests.
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { cases } from "@surprisal/conformance";
import { parseSync, Visitor } from "oxc-parser";

const root = fileURLToPath(new URL("..", import.meta.url));
const ids = cases.map(({ id }) => id);
const known = new Set(ids);
/** Tests leave the beginning of an id to a constant of their file. */
const beginnings = ["", "fusion/", "kernel/softmax-cross-entropy/", "kernel/softmax-cross-entropy-terms/"];

/** The constants of a file that are strings. */
function stringsOf(program) {
  const strings = new Map();
  new Visitor({
    VariableDeclarator({ id, init }) {
      if (id.type === "Identifier" && init?.type === "Literal") strings.set(id.name, String(init.value));
    },
  }).visit(program);
  return strings;
}

/** The ids of cases among the strings of a part of a source; `strings` are what its templates put in. */
function idsIn(node, strings) {
  const found = new Set();
  const look = (value) => {
    if (typeof value !== "object" || value === null) return;
    // expect(…).not.toContain("id") names one that passes.
    if (value.type === "CallExpression" && value.callee.object?.property?.name === "not") return;
    if (value.type === "Literal" && typeof value.value === "string") {
      for (const beginning of beginnings) if (known.has(beginning + value.value)) found.add(beginning + value.value);
      if (value.value === "backend/close") found.add(value.value);
    }
    if (value.type === "TemplateLiteral") {
      const text = value.quasis.map(
        ({ value: { cooked } }, i) => cooked + (strings.get(value.expressions[i]?.name) ?? ""),
      );
      if (known.has(text.join(""))) found.add(text.join(""));
    }
    for (const [key, child] of Object.entries(value)) if (key !== "parent") look(child);
  };
  look(node);
  return [...found];
}

/** The tests of a file whose titles say that something is caught. */
function wrongBackendsOf(file) {
  const rows = [];
  const { program } = parseSync(file, readFileSync(join(root, file), "utf8"));
  const strings = stringsOf(program);
  new Visitor({
    CallExpression({ callee, arguments: [title, body] }) {
      if (callee.type !== "Identifier" || callee.name !== "test" || title?.type !== "Literal" || !body) return;
      const [, what, more = ""] = /^(.*?),? (?:is|are) caught(.*)$/.exec(String(title.value)) ?? [];
      if (what) rows.push({ file, what: what + (more.startsWith(" by ") ? "" : more), caughtBy: idsIn(body, strings) });
    },
  }).visit(program);
  return rows;
}

/** Every deliberately wrong backend, with the cases that its test names. */
export function wrongBackends() {
  return globSync("packages/conformance/src/wrong-*.test.ts", { cwd: root }).sort().flatMap(wrongBackendsOf);
}

/** The page. */
export function wrongBackendsPage() {
  const all = wrongBackends();
  const files = [...new Set(all.map(({ file }) => file))];
  const sections = files.map((file) => {
    const rows = all
      .filter((one) => one.file === file)
      .map(({ what, caughtBy }) => `| ${what} | ${caughtBy.map((id) => `\`${id}\``).join(", ")} |`);
    return `[${basename(file)}](../${file})\n\n| wrong backend | cases that fail |\n|---|---|\n${rows.join("\n")}\n`;
  });
  return `# What the kit catches

A check is worth what it refuses. These ${all.length} backends are right but for one mistake each; the kit's own tests make them, and see that each fails the cases that are named here. \`node --conditions=@surprisal/source scripts/wrong-backends.mjs --write\` writes this page from the tests, and a test holds it to them. [\`pnpm mutation\`](mutation.md) does the same to the source, with thousands of small mistakes.

${sections.join("\n")}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const page = wrongBackendsPage();
  console.log(page);
  if (process.argv.includes("--write")) writeFileSync(join(root, "docs/wrong-backends.md"), page);
}
