const UNITS = ["bytes", "KiB", "MiB", "GiB"];

/** A number of bytes for a message: 3 digits, such as "1.5 GiB". */
export function inWords(bytes: number): string {
  const power = Math.min(UNITS.length - 1, bytes < 1024 ? 0 : Math.floor(Math.log2(bytes) / 10));
  return `${Number((bytes / 1024 ** power).toPrecision(4))} ${UNITS[power]}`;
}
