/** Characters of the time a line begins with: texts of the same form, so they sort as times do. */
const timeLength = '2026-01-31T10:00:00.000Z'.length

/** Two lists of lines, each in the order of its times, as one. */
export function mergeByTime(a: readonly string[], b: readonly string[]): string[] {
  if (a.length === 0 || b.length === 0) return [...a, ...b]
  const merged: string[] = []
  let at = 0
  for (const line of a) {
    while (at < b.length && isBefore(b[at] as string, line)) merged.push(b[at++] as string)
    merged.push(line)
  }
  return [...merged, ...b.slice(at)]
}

function isBefore(line: string, other: string): boolean {
  return line.slice(0, timeLength) < other.slice(0, timeLength)
}
