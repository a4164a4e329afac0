import type { Browser, Page } from "playwright";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { launchChromium, softwareGpu } from "../chromium.ts";
import { bundlePage } from "../page-bundle.ts";
import { type PageServer, servePage } from "../page-server.ts";
import { mayVisit, visitPage } from "../visit-page.ts";
import type { Asked } from "./page.ts";

const modes = ["webgl2", "webgpu"] as const;
/** `pnpm nightly` asks for more of the same. */
const nightly = Boolean(process.env.NIGHTLY);

let server: PageServer;
let browser: Browser;

/** Asks a page of its own, in this browser. */
async function ask<A extends keyof Asked>(
  what: A,
  values: Parameters<Asked[A]>,
  asked = browser,
  watch?: (page: Page) => void,
): Promise<Awaited<ReturnType<Asked[A]>>> {
  const address = `${server.url}?${new URLSearchParams({ ask: what, with: JSON.stringify(values) })}`;
  const { found, unhandled } = await visitPage<{ found: never; unhandled: string[] }>(asked, address, watch);
  expect(unhandled, "no rejection goes unhandled").toEqual([]);
  return found;
}

/** A finding without problems; what was seen is printed. */
async function expectNoProblems<A extends keyof Asked>(what: A, values: Parameters<Asked[A]>): Promise<void> {
  const { problems, note } = (await ask(what, values)) as { problems: string[]; note: string };
  console.info(`${what} ${values.join(", ")}: ${note}`);
  expect(problems.slice(0, 10)).toEqual([]);
}

describe.skipIf(!mayVisit)("a GPU that fails", { timeout: nightly ? 1_800_000 : 300_000 }, () => {
  beforeAll(async () => {
    server = await servePage(await bundlePage("gpu-faults/page.ts"), "default-src 'self'; script-src 'self'");
    browser = await launchChromium(softwareGpu);
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  describe.for(modes)("%s", (mode) => {
    test("lost at any moment gives the right number or a typed error", () =>
      expectNoProblems("losing", [mode, nightly ? 400 : 12]));

    const faults = {
      webgl2: [
        "reads give zeros",
        "shaders do not compile",
        "programs do not link",
        "nothing is drawn",
        "textures cannot be made",
        "a draw throws",
      ],
      webgpu: [
        "reads give zeros",
        "reads cannot be mapped",
        "shaders do not compile",
        "nothing is submitted",
        "a submission throws",
      ],
    };
    test("the faults below are all that a page can make", async () => {
      expect(await ask("driverFaultsOf", [mode])).toEqual(faults[mode]);
    });
    test.for(faults[mode])("whose driver fails gives no wrong number: %s", (fault) =>
      expectNoProblems("driverFault", [mode, fault]),
    );

    test("swallows NaN as its facts say", () => expectNoProblems("swallowedNan", [mode]));
    test("whose process crashes says so, and can be opened again", async () => {
      const crashing = await launchChromium(softwareGpu);
      const session = await crashing.newBrowserCDPSession();
      try {
        const { problems, note } = await ask("crash", [mode], crashing, (page) =>
          page.on("console", (message) => {
            if (message.text() === "crash now") void session.send("Browser.crashGpuProcess").catch(() => {});
          }),
        );
        console.info(`crash ${mode}: ${note}`);
        expect(problems).toEqual([]);
      } finally {
        await crashing.close();
      }
    });
    test("20 times opened and closed leaves nothing", () => expectNoProblems("cycles", [mode, 20]));
    test("keeps what is alive flat while it trains", () =>
      expectNoProblems("manySteps", [mode, nightly ? 10_000 : 300]));
    test("opened 17 times in one page gives no wrong number", () => expectNoProblems("manyContexts", [mode, 17]));
    test("closed with work under way ends every promise", () => expectNoProblems("closeInFlight", [mode]));
  });

  test.for(["refused", "lost at once"] as const)("whose device is %s says so", (what) =>
    expectNoProblems("deviceTrouble", [what]),
  );

  test("without navigator.gpu, auto takes WebGL 2", async () => {
    expect(await ask("openingsWithout", ["navigator.gpu"])).toEqual({
      webgpu: expect.stringMatching(/webgpu: navigator\.gpu is missing/),
      webgl2: "webgl2",
      auto: "webgl2",
    });
  });

  test("without float32 targets, WebGL 2 is refused", async () => {
    expect(await ask("openingsWithout", ["float targets"])).toEqual({
      webgpu: "webgpu",
      webgl2: expect.stringMatching(/webgl2: .*EXT_color_buffer_float/),
      auto: "webgpu",
    });
  });

  test("without any WebGL 2, it is refused", async () => {
    expect((await ask("openingsWithout", ["WebGL 2"])).webgl2).toMatch(/webgl2: there is no WebGL 2 context/);
  });

  test("without an adapter, auto takes WebGL 2", async () => {
    const plain = await launchChromium({ args: ["--enable-unsafe-swiftshader"] });
    try {
      expect(await ask("openings", [], plain)).toEqual({
        webgpu: expect.stringMatching(/webgpu: .*no adapter/),
        webgl2: "webgl2",
        auto: "webgl2",
      });
    } finally {
      await plain.close();
    }
  });

  test("without an adapter and float32 targets, the reasons of both are told", async () => {
    const plain = await launchChromium({ args: ["--enable-unsafe-swiftshader"] });
    try {
      const { auto } = await ask("openingsWithout", ["float targets"], plain);
      expect(auto).toMatch(/webgpu: .*no adapter.*webgl2: .*EXT_color_buffer_float/);
    } finally {
      await plain.close();
    }
  });
});
