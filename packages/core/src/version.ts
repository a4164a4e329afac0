/** The version of this package; `pnpm version` writes it together with the manifests. */
export const version = "0.0.0";
