import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { launchChromium, softwareGpu } from "@surprisal/browser-kit/chromium";
import { build, defaultClientConditions } from "vite";
import type { Report } from "./page.ts";
import { print, wrong } from "./report.ts";

/** Builds the page in memory, opens it in headless Chromium on 127.0.0.1 and runs the spike in both modes. */

async function bundle(): Promise<string> {
  const result = await build({
    root: fileURLToPath(new URL(".", import.meta.url)),
    logLevel: "warn",
    resolve: { conditions: ["@surprisal/source", ...defaultClientConditions] },
    build: { write: false, lib: { entry: "page.ts", formats: ["es"], fileName: "page" } },
  });
  const outputs = Array.isArray(result) ? result : [result];
  for (const one of outputs) if ("output" in one) return one.output[0].code;
  throw new Error("vite build gave no output");
}

const script = await bundle();
const server = createServer((request, response) => {
  const isScript = request.url === "/page.js";
  response.setHeader("content-type", isScript ? "text/javascript" : "text/html");
  response.end(isScript ? script : '<!doctype html><script type="module" src="/page.js"></script>');
});
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const browser = await launchChromium(softwareGpu);
try {
  console.log(`Chromium ${browser.version()}, page ${Math.round(script.length / 1024)} KiB`);
  for (const mode of ["webgl2", "webgpu"] as const) {
    const page = await browser.newPage();
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") console.log(`[${mode}] ${message.text()}`);
    });
    page.on("pageerror", (error) => console.log(`[${mode}] ${error.message}`));
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await page.waitForFunction("globalThis.spike");
    const report = (await page.evaluate(`spike("${mode}")`)) as Report;
    print(report);
    if (wrong(report)) process.exitCode = 1;
    await page.close();
  }
} finally {
  await browser.close();
  server.close();
}
