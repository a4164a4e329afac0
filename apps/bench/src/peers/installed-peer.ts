import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { installedTools } from "@surprisal/tool-kit/tools";

const manifest = join(import.meta.dirname, "..", "..", "tools", "peers", "package.json");

/** The libraries that are timed beside ours, by name, with their versions. */
export const peerVersions: Readonly<Record<string, string>> = JSON.parse(readFileSync(manifest, "utf8")).dependencies;

let modules: Promise<string> | undefined;

/** The folder of all of them. They are installed where they are not. */
export function peerModules(): Promise<string> {
  modules ??= installedTools("peers", manifest).catch((error: Error) => {
    const said = /npm error (?!code|errno|A complete|syscall)(.*)/.exec(error.message)?.[1];
    throw new Error(`could not be installed: ${said ?? error.message.split("\n")[0]}`);
  });
  return modules;
}

/** One of them, and the folder of its main file. */
export async function installedPeer<T>(name: string): Promise<{ readonly library: T; readonly folder: string }> {
  const require = createRequire(join(await peerModules(), "x.js"));
  return { library: require(name) as T, folder: dirname(require.resolve(name)) };
}
