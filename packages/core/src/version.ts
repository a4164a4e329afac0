/** The version of this package, written by `pnpm run version`. */
export const version: string = "0.0.0";
