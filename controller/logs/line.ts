/** A line of an app's log. */
export interface LogLine {
  readonly atMs: number
  /** `app`: what a copy wrote; `slipway`: what we did. */
  readonly source: 'app' | 'slipway'
  /** `web.1`, `run.4821`; `deploy` for our own. */
  readonly from: string
  readonly text: string
}

/** Which lines a reader wants. */
export interface Filter {
  /** A process type or a copy: `web`, `web.1`. */
  readonly dyno?: string | undefined
  readonly source?: string | undefined
}

/** Bytes of a line's text that are kept. */
const textLimitBytes = 16 * 1024
const cutMark = ' … (cut)'

/** `2026-01-31T10:00:00.000Z app[web.1]: text` */
export function formatLine({ atMs, source, from, text }: LogLine): string {
  return `${new Date(atMs).toISOString()} ${source}[${from}]: ${cut(oneLine(text))}`
}

/** Whether a formatted line is one a reader wants. */
export function isWanted(line: string, { dyno, source }: Filter): boolean {
  const match = /^\S+ (\w+)\[([^\]]*)\]:/.exec(line)
  if (match === null) return false
  const [, lineSource, from = ''] = match
  const isFrom = dyno === undefined || from === dyno || from.startsWith(`${dyno}.`)
  return isFrom && (source === undefined || lineSource === source)
}

/** What an app writes cannot look like a line of ours. */
function oneLine(text: string): string {
  return text.replace(/[\r\n]+/g, ' ')
}

function cut(text: string): string {
  if (Buffer.byteLength(text) <= textLimitBytes) return text
  const bytes = Buffer.from(text).subarray(0, textLimitBytes)
  // A character that was cut through becomes a replacement mark; it goes as well.
  return `${bytes.toString().replace(/�+$/, '')}${cutMark}`
}
