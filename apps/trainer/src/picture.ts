const INKS = " .:-=+*#%@";

/** An image as lines of text, two of its rows a line: characters are twice as high as wide. */
export function picture(
  image: Uint8Array,
  { height, width }: { readonly height: number; readonly width: number },
): string[] {
  const ink = (row: number, column: number): number => (row < height ? image[row * width + column]! : 0);
  return Array.from({ length: Math.ceil(height / 2) }, (_, line) =>
    Array.from({ length: width }, (_, column) => {
      const mean = (ink(2 * line, column) + ink(2 * line + 1, column)) / 2;
      return INKS[Math.floor((mean * INKS.length) / 256)];
    }).join(""),
  );
}
