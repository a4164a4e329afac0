export function bundleWorker(name: "worker" | "computing-worker"): Promise<string>;
export function generatedModule(name: string, code: string): string;
