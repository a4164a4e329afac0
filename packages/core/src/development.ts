declare const process: { readonly env: { readonly NODE_ENV?: string } };

/** What Node has in its environment, and what a bundler writes where these very words stand; a bare page has neither. */
function environment(): string | undefined {
  try {
    return process.env.NODE_ENV;
  } catch {
    return undefined;
  }
}

/** Whether to look for mistakes that are no errors, and to tell of them on the console. */
export const inDevelopment: boolean = environment() !== "production";
