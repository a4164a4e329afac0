import type { Browser, Page } from "playwright";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { launchChromium, softwareGpu } from "../chromium.ts";
import { bundlePage } from "../page-bundle.ts";
import { type PageServer, servePage } from "../page-server.ts";
import { mayVisit } from "../visit-page.ts";
import type { Ask, Asked } from "./page.ts";

const modes = ["webgl2", "webgpu"] as const;
/** `pnpm nightly` asks for more of the same. */
const nightly = Boolean(process.env.NIGHTLY);

let server: PageServer;
let browser: Browser;

async function openPage(from = browser): Promise<Page> {
  const page = await from.newPage();
  await page.goto(server.url);
  return page;
}

/** For what a page is not the same after: one of its own, in this browser. */
async function onPage<T>(use: (page: Page) => Promise<T>, from?: Browser): Promise<T> {
  const page = await openPage(from);
  try {
    return await use(page);
  } finally {
    await page.close();
  }
}

async function ask<A extends keyof Asked>(page: Page, what: A, values: Parameters<Asked[A]>) {
  const asking = (given: Parameters<Ask>) => (globalThis as unknown as { ask: Ask }).ask(...given);
  const { found, unhandled } = await page.evaluate<Awaited<ReturnType<Ask>>, Parameters<Ask>>(asking, [what, values]);
  expect(unhandled, "no rejection goes unhandled").toEqual([]);
  return found as Awaited<ReturnType<Asked[A]>>;
}

/** A finding without problems; what was seen is printed. */
async function expectNoProblems<A extends keyof Asked>(
  page: Page,
  what: A,
  values: Parameters<Asked[A]>,
): Promise<void> {
  const { problems, note } = (await ask(page, what, values)) as { problems: string[]; note: string };
  console.info(`${what} ${values.join(", ")}: ${note}`);
  expect(problems.slice(0, 10)).toEqual([]);
}

/** What the driver of a page can be made to do. */
const driverFaults = {
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
    let page: Page;
    beforeAll(async () => {
      page = await openPage();
    });
    afterAll(() => page?.close());

    test("lost at any moment gives the right number or a typed error", () =>
      expectNoProblems(page, "losing", [mode, nightly ? 400 : 12]));

    describe("whose driver fails", () => {
      let failing: Page;
      beforeAll(async () => {
        failing = await openPage();
      });
      afterAll(() => failing?.close());

      test("may do so in all of these ways", async () => {
        expect(await ask(failing, "driverFaultsOf", [mode])).toEqual(driverFaults[mode]);
      });
      test.for(driverFaults[mode])("gives no wrong number: %s", (fault) =>
        expectNoProblems(failing, "driverFault", [mode, fault]),
      );
    });

    test("swallows NaN as its facts say", () => expectNoProblems(page, "swallowedNan", [mode]));
    test("whose process crashes says so, and can be opened again", async () => {
      const crashing = await launchChromium(softwareGpu);
      const session = await crashing.newBrowserCDPSession();
      try {
        const { problems, note } = await onPage((page) => {
          page.on("console", (message) => {
            if (message.text() === "crash now") void session.send("Browser.crashGpuProcess").catch(() => {});
          });
          return ask(page, "crash", [mode]);
        }, crashing);
        console.info(`crash ${mode}: ${note}`);
        expect(problems).toEqual([]);
      } finally {
        await crashing.close();
      }
    });
    test("20 times opened and closed leaves nothing", () => expectNoProblems(page, "cycles", [mode, 20]));
    test("keeps what is alive flat while it trains", () =>
      expectNoProblems(page, "manySteps", [mode, nightly ? 10_000 : 300]));
    test("opened 17 times in one page gives no wrong number", () =>
      onPage((own) => expectNoProblems(own, "manyContexts", [mode, 17])));
    test("closed with work under way ends every promise", () => expectNoProblems(page, "closeInFlight", [mode]));
  });

  test.for(["refused", "lost at once"] as const)("whose device is %s says so", (what) =>
    onPage((page) => expectNoProblems(page, "deviceTrouble", [what])),
  );

  test("without navigator.gpu, auto takes WebGL 2", async () => {
    expect(await onPage((page) => ask(page, "openingsWithout", ["navigator.gpu"]))).toEqual({
      webgpu: expect.stringMatching(/webgpu: navigator\.gpu is missing/),
      webgl2: "webgl2",
      auto: "webgl2",
    });
  });

  test("without float32 targets, WebGL 2 is refused", async () => {
    expect(await onPage((page) => ask(page, "openingsWithout", ["float targets"]))).toEqual({
      webgpu: "webgpu",
      webgl2: expect.stringMatching(/webgl2: .*EXT_color_buffer_float/),
      auto: "webgpu",
    });
  });

  test("without any WebGL 2, it is refused", async () => {
    expect((await onPage((page) => ask(page, "openingsWithout", ["WebGL 2"]))).webgl2).toMatch(
      /webgl2: there is no WebGL 2 context/,
    );
  });

  describe("without an adapter", () => {
    let plain: Browser;
    beforeAll(async () => {
      plain = await launchChromium({ args: ["--enable-unsafe-swiftshader"] });
    });
    afterAll(() => plain?.close());

    test("auto takes WebGL 2", async () => {
      expect(await onPage((page) => ask(page, "openings", []), plain)).toEqual({
        webgpu: expect.stringMatching(/webgpu: .*no adapter/),
        webgl2: "webgl2",
        auto: "webgl2",
      });
    });

    test("and without float32 targets, the reasons of both are told", async () => {
      const { auto } = await onPage((page) => ask(page, "openingsWithout", ["float targets"]), plain);
      expect(auto).toMatch(/webgpu: .*no adapter.*webgl2: .*EXT_color_buffer_float/);
    });
  });
});
