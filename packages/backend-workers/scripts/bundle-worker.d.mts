export function bundleWorker(): Promise<string>;
export function generatedModule(code: string): string;
