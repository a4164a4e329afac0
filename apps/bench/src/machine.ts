import { readFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg } from "node:os";

/** What a measurement depends on besides the code. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  /** The widest vectors that native code has, where the system tells: WebAssembly has 128 bits everywhere. */
  readonly vectors?: string | undefined;
  readonly platform: string;
  readonly node: string;
  readonly v8: string;
}

export function machine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    vectors: vectors(),
    platform: `${process.platform} ${process.arch}`,
    node: process.versions.node,
    v8: process.versions.v8,
  };
}

/** By Linux' list of what the processor can do. */
function vectors(): string | undefined {
  let flags: string;
  try {
    flags = /^flags\s*:(.*)$/m.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1] ?? "";
  } catch {
    return undefined;
  }
  if (/\bavx512f\b/.test(flags)) return "AVX-512";
  return /\bavx2\b/.test(flags) ? "AVX2" : undefined;
}

/** How busy the machine was in the last minute: runnable threads, on average. */
export function load(): number {
  return loadavg()[0]!;
}

/** `2026-11-22` */
export function today(): string {
  return new Date().toISOString().slice(0, 10);
}

/** The installed version of a package. */
export function versionOf(name: string): string {
  // Not every package exports its package.json.
  const file = new URL(`../node_modules/${name}/package.json`, import.meta.url);
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}
