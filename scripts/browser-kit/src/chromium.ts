import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright";

/** What to do where {@link chromiumPath} finds nothing. */
export const howToGetChromium =
  "no Chromium was found: `node scripts/install-chromium.mjs` installs one, or set CHROMIUM_PATH to one that is there";

/** Where Linux and macOS keep it. (Ubuntu's /usr/bin/chromium-browser is a stub that only says how to install it.) */
const usualPlaces = [
  "/usr/bin/chromium",
  "/usr/bin/google-chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** npm's Chromium, where scripts/install-chromium.mjs puts it. */
const tools = new URL("../../../node_modules/.tools/chromium/", import.meta.url);
const packaged = new URL("node_modules/@sparticuz/chromium/build/index.js", tools);

/** The Chromium to drive: `CHROMIUM_PATH`, the system's, playwright's or npm's; undefined if there is none. */
export async function chromiumPath(): Promise<string | undefined> {
  const { CHROMIUM_PATH } = process.env;
  if (CHROMIUM_PATH) {
    if (!existsSync(CHROMIUM_PATH)) throw new Error(`CHROMIUM_PATH is ${CHROMIUM_PATH}, and no file is there`);
    return CHROMIUM_PATH;
  }
  const found = [...usualPlaces, chromium.executablePath()].find((path) => existsSync(path));
  return found ?? (existsSync(packaged) ? unpacked() : undefined);
}

/** Unpacks npm's Chromium into the folder of temporary files, and the libraries that it needs as if on AWS Lambda. */
async function unpacked(): Promise<string> {
  process.env.AWS_EXECUTION_ENV ??= "AWS_Lambda_nodejs24.x";
  const { default: sparticuz } = await import(packaged.href);
  return sparticuz.executablePath();
}

/** How to launch it beyond the usual. */
export interface ChromiumOptions {
  readonly args?: readonly string[] | undefined;
  /** Arguments of playwright's that are not wanted. */
  readonly ignoreDefaultArgs?: readonly string[] | undefined;
}

/** Gives pages WebGL 2 and WebGPU without a GPU, both by SwiftShader. */
export const softwareGpu: ChromiumOptions = {
  args: [
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--enable-unsafe-webgpu",
    "--use-webgpu-adapter=swiftshader",
  ],
  ignoreDefaultArgs: ["--disable-gpu"],
};

/**
 * Starts headless Chromium; it ends with this process at the latest.
 * @throws Error if there is none, with the command that installs it
 */
export async function launchChromium({ args = [], ignoreDefaultArgs = [] }: ChromiumOptions = {}): Promise<Browser> {
  const executablePath = await chromiumPath();
  if (executablePath === undefined) throw new Error(howToGetChromium);
  return chromium.launch({ executablePath, args: [...args], ignoreDefaultArgs: [...ignoreDefaultArgs] });
}
