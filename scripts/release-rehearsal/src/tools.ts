import { join } from "node:path";
import { installedTools } from "@surprisal/tool-kit/tools";

/** The node_modules of a folder of `tools`: runtimes, compilers and bundlers, or the registry. */
export function tools(group: "registry" | "users"): Promise<string> {
  return installedTools(`release-${group}`, join(import.meta.dirname, "..", "tools", group, "package.json"));
}
