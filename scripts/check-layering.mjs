// Fails when an import breaks the layering: core knows no one, backends know core's types, the other packages core's
// public entries, nothing knows an app. Import cycles are Biome's: noImportCycles in biome.json.
import { globSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseSync, Visitor } from "oxc-parser";

const root = resolve(process.argv[2] ?? fileURLToPath(new URL("..", import.meta.url)));

/** What a package may import of ours, the first rule that fits deciding. Apps and tools import what they like. */
const rules = [
  { folder: /^packages\/core$/, values: /$^/, types: /$^/, says: "core imports no other package" },
  {
    folder: /^packages\/backend-workers$/,
    values: /^@surprisal\/backend-cpu\/kernels$/,
    types: /^@surprisal\/(core|backend-cpu\/kernels)$/,
    says: "backend-workers imports only types of @surprisal/core (`import type`) and @surprisal/backend-cpu/kernels",
  },
  {
    folder: /^packages\/backend-/,
    values: /$^/,
    types: /^@surprisal\/core$/,
    says: "a backend imports only types of @surprisal/core (`import type`)",
  },
  {
    folder: /^packages\//,
    values: /^@surprisal\/core(\/|$)/,
    types: /^@surprisal\/core(\/|$)/,
    says: "packages above core import only @surprisal/core's public entries",
  },
];

const backendName = /backend-(cpu|workers|gpujs)|gpu\.js/;

function importsOf(file, source) {
  const found = [];
  const add = (node, onlyTypes) => node && found.push({ specifier: node.value, at: node.start, onlyTypes });
  new Visitor({
    ImportDeclaration: (node) => add(node.source, node.importKind === "type"),
    ExportNamedDeclaration: (node) => add(node.source, node.exportKind === "type"),
    ExportAllDeclaration: (node) => add(node.source, node.exportKind === "type"),
    ImportExpression: (node) => add(node.source, false),
    TSImportType: (node) => add(node.source, true),
  }).visit(parseSync(file, source).program);
  return found.filter(({ specifier }) => typeof specifier === "string");
}

const folders = globSync("{packages/*,apps/*,scripts/*}/package.json", { cwd: root }).map((file) =>
  dirname(file).replaceAll("\\", "/"),
);
const apps = new Set(
  folders
    .filter((folder) => folder.startsWith("apps/"))
    .map((folder) => JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8")).name),
);

/** Why this import is wrong, or undefined. */
function fault(folder, file, { specifier, onlyTypes }) {
  const isRelative = specifier.startsWith(".");
  const target = isRelative ? relative(root, resolve(root, dirname(file), specifier)).replaceAll("\\", "/") : specifier;
  const app = isRelative ? target.startsWith("apps/") : apps.has(specifier.split("/").slice(0, 2).join("/"));
  if (app && !target.startsWith(`${folder}/`)) return "nothing imports an app";
  if (file.endsWith(".test.ts")) return undefined;
  if (isRelative) return target.startsWith(`${folder}/`) ? undefined : "a relative import stays in its package";
  if (!specifier.startsWith("@surprisal/")) return undefined;
  const rule = rules.find((candidate) => candidate.folder.test(folder));
  return !rule || (onlyTypes ? rule.types : rule.values).test(specifier) ? undefined : rule.says;
}

const line = (source, at) => source.slice(0, at).split("\n").length;
const faults = [];
let files = 0;
for (const folder of folders) {
  for (const path of globSync(`${folder}/src/**/*.{ts,tsx,mts,js,mjs}`, { cwd: root })) {
    const file = path.replaceAll("\\", "/");
    const source = readFileSync(join(root, file), "utf8");
    files++;
    for (const found of importsOf(file, source)) {
      const reason = fault(folder, file, found);
      if (reason) faults.push(`${file}:${line(source, found.at)}: "${found.specifier}": ${reason}`);
    }
    const named = folder === "packages/core" && !file.endsWith(".test.ts") && backendName.exec(source);
    if (named) faults.push(`${file}:${line(source, named.index)}: "${named[0]}": core holds no backend's name`);
  }
}

if (faults.length > 0) {
  console.error(faults.join("\n"));
  process.exit(1);
}
console.log(`Layering: ${files} files in ${folders.length} packages, apps and tools keep it.`);
