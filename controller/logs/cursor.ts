import type { OutputLine } from '#driver/driver.ts'

/** How far the output of a copy has been read: the time of the last line, and how many had that time. */
export interface Cursor {
  readonly atMs: number
  readonly count: number
}

export const start: Cursor = { atMs: 0, count: 0 }

export function moved(cursor: Cursor, { atMs }: Pick<OutputLine, 'atMs'>): Cursor {
  if (atMs < cursor.atMs) return cursor
  return { atMs, count: atMs === cursor.atMs ? cursor.count + 1 : 1 }
}

/** The lines behind a cursor, of an output that was asked for from the cursor's time on. */
export async function* behind(
  cursor: Cursor,
  output: AsyncIterable<OutputLine>,
): AsyncGenerator<OutputLine> {
  let skip = cursor.count
  let isBehind = false
  for await (const line of output) {
    isBehind ||= line.atMs > cursor.atMs || (line.atMs === cursor.atMs && skip === 0)
    if (isBehind) yield line
    else if (line.atMs === cursor.atMs) skip -= 1
  }
}
