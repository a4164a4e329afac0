// Compares what the package in the current folder exports, entry by entry, with the reports in docs/api; `--write`
// writes them anew. A change of the public API is then seen in review, whoever made it.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { Extractor, ExtractorConfig, ExtractorLogLevel } from "@microsoft/api-extractor";

const folder = process.cwd();
const write = process.argv.includes("--write");
const { exports } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
const scratch = mkdtempSync(join(tmpdir(), "api-"));

for (const [entry, { types }] of Object.entries(exports)) {
  if (types === undefined) continue;
  const name = [basename(folder), ...entry.split("/").slice(1)].join("-");
  const compilerOptions = {
    module: "nodenext",
    target: "es2022",
    lib: ["es2022", "dom", "esnext.disposable"],
    types: ["node"],
    skipLibCheck: true,
  };
  const quiet = { default: { logLevel: ExtractorLogLevel.None } };
  const config = ExtractorConfig.prepare({
    configObject: {
      projectFolder: folder,
      mainEntryPointFilePath: join(folder, types),
      compiler: { overrideTsconfig: { compilerOptions, files: [types] } },
      apiReport: {
        enabled: true,
        reportFolder: join(import.meta.dirname, "..", "docs", "api"),
        reportTempFolder: scratch,
        reportFileName: name,
      },
      newlineKind: "lf",
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: {
        compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.Error } },
        extractorMessageReporting: quiet,
        tsdocMessageReporting: quiet,
      },
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: join(folder, "package.json"),
  });
  const { apiReportChanged, errorCount } = Extractor.invoke(config, {
    localBuild: write,
    messageCallback(message) {
      message.handled = message.logLevel !== "error";
    },
  });
  if (errorCount > 0) process.exitCode = 1;
  if (apiReportChanged && !write) {
    console.error(
      `docs/api/${name}.api.md: the public API of ${name} is another one; see it with \`pnpm api --write\` and git diff`,
    );
    process.exitCode = 1;
  }
}
rmSync(scratch, { recursive: true });
