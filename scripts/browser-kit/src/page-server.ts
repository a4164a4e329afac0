import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface PageServer {
  /** With a slash at the end. */
  readonly url: string;
  close(): Promise<void>;
}

const html = '<!doctype html><title>Conformance kit</title><script type="module" src="/page.js"></script>';

/**
 * Serves an empty page that loads /page.js, and the scripts by their names, on 127.0.0.1. The page is isolated from other
 * origins (COOP and COEP), so that it has SharedArrayBuffer and exact clocks, unless it is not to be.
 */
export async function servePage(
  scripts: ReadonlyMap<string, string>,
  contentSecurityPolicy: string,
  { isolated = true } = {},
): Promise<PageServer> {
  const isolation = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
  };
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://127.0.0.1");
    const body = pathname === "/" ? html : scripts.get(pathname.slice(1));
    const type = pathname === "/" ? "text/html" : "text/javascript";
    response.writeHead(body === undefined ? 404 : 200, {
      "Content-Type": `${type}; charset=utf-8`,
      "Content-Security-Policy": contentSecurityPolicy,
      ...(isolated ? isolation : {}),
    });
    response.end(body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
