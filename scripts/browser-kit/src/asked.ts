/** Whether a case is among those asked for: by its id, or by how it begins, up to a `/`. None given are all. */
export const isAsked = (id: string, only: readonly string[]): boolean =>
  only.length === 0 || only.some((asked) => (asked.endsWith("/") ? id.startsWith(asked) : id === asked));
