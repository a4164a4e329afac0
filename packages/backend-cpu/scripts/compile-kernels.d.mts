export const entries: { readonly "": string; readonly "-threads": string };
export function compileKernels(variant: "relaxed" | "strict", entry: string): Promise<Uint8Array<ArrayBuffer>>;
export function generatedModule(bytes: Uint8Array<ArrayBuffer>): Promise<{ functions: string[]; source: string }>;
export function functionNames(functions: readonly string[]): string;
