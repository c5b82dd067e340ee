/** Rows as lines, each column as wide as its widest cell; the last one is not padded. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = []
  for (const row of rows) {
    row.forEach((cell, at) => (widths[at] = Math.max(widths[at] ?? 0, cell.length)))
  }
  return rows.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

/** A table with a head; cells are made fit for a terminal. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return columns([head, ...rows.map((row) => row.map(printable))])
}

/** `Name:   value` lines; what has no value is left out. */
export function facts(pairs: Readonly<Record<string, string | null | undefined>>): string[] {
  const known = Object.entries(pairs).filter(([, value]) => value != null && value !== '')
  return columns(known.map(([name, value]) => [`${name}:`, printable(value ?? '')]))
}

/** Control characters would move the cursor or worse; what others wrote is shown without them. */
export function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- those are what it is about
  return text.replace(/[\u0000-\u001F\u007F-\u009F]/g, (char) => {
    const known: Readonly<Record<string, string>> = { '\n': '\\n', '\t': '\\t', '\r': '\\r' }
    return known[char] ?? `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`
  })
}
