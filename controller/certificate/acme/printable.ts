const limit = 300

/** What somebody else wrote, as part of a sentence of ours: one line, and not a long one. */
export function printable(text: string): string {
  const line = text
    .replaceAll(/[\p{Cc}\s]+/gu, ' ')
    .trim()
    .replace(/[.]$/, '')
  return line.length <= limit ? line : `${line.slice(0, limit)}…`
}
