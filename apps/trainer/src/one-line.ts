/** Text on one line that a terminal shows as it is: line breaks of a message become spaces, control characters visible. */
export function oneLine(message: string): string {
  return message
    .trim()
    .replaceAll(/\s*\n\s*/g, " ")
    .replaceAll(/\p{Cc}/gu, (control) => `\\x${control.charCodeAt(0).toString(16).padStart(2, "0")}`);
}
