// Times the fused loss on the GPU beside tfjs', on one page of headless Chromium and in turns. A driver in software, unless
// --hardware says that there is a GPU.
//   pnpm bench:gpu [--shape 1024x1000]… [--rounds N] [--hardware] [--write]
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { launchChromium, softwareGpu } from "@surprisal/browser-kit/chromium";
import { bundlePage } from "@surprisal/browser-kit/page-bundle";
import { servePage } from "@surprisal/browser-kit/page-server";
import type { ShapeReport } from "./compare-contenders.ts";
import type { GpuBench } from "./gpu/page.ts";
import { load, machine, today } from "./machine.ts";
import { peerModules, peerVersions } from "./peers/installed-peer.ts";
import { gpuPage, type SpeedReport, shapeTable } from "./speed-report.ts";
import { command, wholeNumber } from "./usage-error.ts";

/** On Linux Chromium takes the GPU through Vulkan; elsewhere it finds its own way. */
const hardwareGpu = {
  args: [
    "--enable-unsafe-webgpu",
    ...(process.platform === "linux" ? ["--use-angle=vulkan", "--enable-features=Vulkan"] : []),
  ],
  ignoreDefaultArgs: ["--disable-gpu"],
};

/** tfjs as it is published for pages, by the names under which they load it. */
const TFJS = {
  "tfjs.js": "tfjs/dist/tf.min.js",
  "tfjs-backend-webgpu.js": "tfjs-backend-webgpu/dist/tf-backend-webgpu.min.js",
};

async function tfjsScripts(): Promise<(readonly [name: string, code: string])[]> {
  const folder = join(await peerModules(), "@tensorflow");
  return Object.entries(TFJS).map(([name, file]) => [name, readFileSync(join(folder, file), "utf8")]);
}

await command(async () => {
  const { values } = parseArgs({
    options: {
      shape: { type: "string", multiple: true, default: ["128x10", "1024x1000", "256x50257"] },
      rounds: { type: "string", default: "11" },
      hardware: { type: "boolean", default: false },
      write: { type: "boolean", default: false },
    },
  });
  const before = load();
  const effort = { rounds: wholeNumber("--rounds", values.rounds, 1), sampleMs: 20 };
  const scripts = await bundlePage(new URL("gpu/page.ts", import.meta.url).href);
  for (const [name, file] of await tfjsScripts()) scripts.set(name, file);
  const server = await servePage(scripts, "default-src 'self'; script-src 'self' 'unsafe-eval'");
  const browser = await launchChromium(values.hardware ? hardwareGpu : softwareGpu);
  try {
    const page = await browser.newPage();
    page.on("pageerror", (error) => console.error(error.message));
    await page.exposeFunction("load", load);
    await page.goto(server.url);
    for (const name of Object.keys(TFJS)) await page.addScriptTag({ url: `/${name}` });
    await page.waitForFunction("globalThis.bench");
    const { name, says } = (await page.evaluate("({ name: bench.name, says: bench.says })")) as GpuBench;
    const shapes: ShapeReport[] = [];
    for (const shape of values.shape) {
      const report = (await page.evaluate(`bench.compare("${shape}", ${JSON.stringify(effort)})`)) as ShapeReport;
      console.log(shapeTable(report));
      shapes.push(report);
    }
    const report: SpeedReport = {
      command: `pnpm bench:gpu${values.hardware ? " --hardware" : ""}`,
      date: today(),
      machine: machine(),
      versions: {
        Chromium: browser.version(),
        "@tensorflow/tfjs": peerVersions["@tensorflow/tfjs"]!,
        "gpu.js": "2.24.1",
      },
      load: before,
      sampleMs: effort.sampleMs,
      workloads: [{ name, says }],
      shapes,
    };
    const wrong = shapes.flatMap(({ shape, results }) =>
      results.flatMap(({ name, ours, errors }) => (ours && errors.fault ? [`${shape}, ${name}: ${errors.fault}`] : [])),
    );
    for (const line of wrong) console.error(`WRONG: ${line}`);
    if (wrong.length > 0) process.exitCode = 1;
    else if (values.write) {
      const file = new URL("../../../docs/gpu-performance.md", import.meta.url);
      writeFileSync(file, gpuPage(report));
    }
  } finally {
    await browser.close();
    await server.close();
  }
});
