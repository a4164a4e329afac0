export function compileKernels(variant: "relaxed" | "strict"): Promise<Uint8Array<ArrayBuffer>>;
export function generatedModule(bytes: Uint8Array<ArrayBuffer>): Promise<{ functions: string[]; source: string }>;
export function functionNames(functions: readonly string[]): string;
