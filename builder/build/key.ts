import { createHash } from 'node:crypto'

/** A digest of parts that no two different lists of parts share. */
export function keyOf(parts: readonly (string | Readonly<Record<string, string>>)[]): string {
  const plain = parts.map((part) => (typeof part === 'string' ? part : sorted(part)))
  return createHash('sha256').update(JSON.stringify(plain)).digest('hex')
}

function sorted(record: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(record).toSorted(([a], [b]) => (a < b ? -1 : 1))
}
