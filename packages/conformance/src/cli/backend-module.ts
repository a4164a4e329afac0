import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { BackendProvider } from "@surprisal/core";
import type { Subject } from "../session.ts";

/**
 * The backend that a module exports, as a subject.
 * @throws Error whose message says what is wrong with the module
 */
export async function loadSubject(file: string): Promise<Subject> {
  const path = resolve(file);
  if (!existsSync(path)) throw new Error(`there is no file ${path}`);
  const module: Readonly<Record<string, unknown>> = await import(pathToFileURL(path).href);
  const { skip, ...others } = module;
  const [only, ...more] = Object.values(others);
  const exported = module.default ?? module.backend ?? (more.length === 0 ? only : undefined);
  if (skip !== undefined && !isSkips(skip)) {
    throw new Error(`${file}: the export "skip" is a record of reasons: { "case/id": "why" }`);
  }
  if (isProvider(exported)) return { name: exported.name, create: () => exported, skip };
  if (typeof exported !== "function") {
    throw new Error(
      `${file}: no default export, none named "backend" and no only one is a provider { name, open } or a function that returns one`,
    );
  }
  const create = async (): Promise<BackendProvider> => {
    const provider: unknown = await exported();
    if (isProvider(provider)) return provider;
    throw new Error(`${file}: the function that it exports returned no provider { name, open }`);
  };
  const { name } = await create();
  return { name, create: () => ({ name, open: async (options) => (await create()).open(options) }), skip };
}

function isProvider(value: unknown): value is BackendProvider {
  const { name, open } = (value ?? {}) as Partial<BackendProvider>;
  return typeof name === "string" && typeof open === "function";
}

function isSkips(value: unknown): value is Readonly<Record<string, string>> {
  return typeof value === "object" && value !== null && Object.values(value).every((why) => typeof why === "string");
}
