import { mkdir, writeFile } from "node:fs/promises";
import type { Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { run } from "@surprisal/tool-kit/run";
import { tools } from "./tools.ts";

/** A registry on this machine. What it does not hold comes from the registry that npm uses here. */
export interface Registry {
  readonly url: string;
  /** Variables under which npm and pnpm publish to it and install from it. */
  readonly env: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** Starts one that keeps its packages in `folder`. */
export async function openRegistry(folder: string): Promise<Registry> {
  const { runServer } = createRequire(join(await tools("registry"), "x.js"))("verdaccio");
  const upstream = (await run("npm", ["config", "get", "registry"], { cwd: folder })).trim().split("\n").at(-1);
  const ours = { access: "$all", publish: "$all" };
  const server: Server = await runServer({
    self_path: folder,
    storage: join(folder, "storage"),
    auth: { htpasswd: { file: join(folder, "htpasswd") } },
    uplinks: { upstream: { url: upstream, timeout: "60s" } },
    packages: { "@surprisal/*": ours, "**": { access: "$all", proxy: "upstream" } },
    web: { enable: false },
    log: { type: "stdout", format: "pretty", level: "fatal" },
    max_body_size: "100mb",
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const npmrc = join(folder, "npmrc");
  await mkdir(join(folder, "cache"), { recursive: true });
  // Anybody may publish here, but npm wants a token.
  await writeFile(npmrc, `registry=http://${host}/\n//${host}/:_authToken=anybody\n`);
  return {
    url: `http://${host}`,
    // A cache and a store of its own: another rehearsal published other packages under the same versions.
    env: {
      npm_config_userconfig: npmrc,
      npm_config_registry: `http://${host}/`,
      npm_config_cache: join(folder, "cache"),
      npm_config_store_dir: join(folder, "store"),
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
