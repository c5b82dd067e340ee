import type { ResponseHead } from '#router/proxy/response-head.ts'

/**
 * An answer's header block, names and values in turn. `status` may be another than the head's: a
 * tunnel begins with 200.
 */
export function answerFields(head: ResponseHead, bytes: Buffer, status: number): string[] {
  const fields = [':status', String(status)]
  addLines(fields, head.keptText(bytes, head.fieldsStart))
  return fields
}

/** Trailers have no place for what frames or routes a message. */
export function trailerFields(lines: string): Record<string, string[]> {
  const fields: string[] = []
  addLines(fields, lines)
  const trailers = grouped(fields)
  for (const name of notTrailers) delete trailers[name]
  return trailers
}

/** Names and values in turn as an object, which some calls of `node:http2` want. */
export function grouped(fields: readonly string[]): Record<string, string[]> {
  const object: Record<string, string[]> = { __proto__: null } as never
  for (let at = 0; at < fields.length; at += 2) {
    const values = (object[fields[at] as string] ??= [])
    values.push(fields[at + 1] as string)
  }
  return object
}

/** Fields of field lines, each of which ends with a line end, added to names and values in turn. */
function addLines(fields: string[], lines: string): void {
  for (let at = 0; at < lines.length;) {
    const colon = lines.indexOf(':', at)
    const end = lines.indexOf('\r\n', colon)
    const name = lines.slice(at, colon).toLowerCase()
    if (!hopFields.has(name)) fields.push(name, trimmed(lines, colon + 1, end))
    at = end + 2
  }
}

/** Those that the parser of answers leaves to us; HTTP/2 forbids them. */
const hopFields = new Set([
  'transfer-encoding',
  'upgrade',
  'connection',
  'keep-alive',
  'proxy-connection',
  'http2-settings',
  'te',
  'sec-websocket-accept',
])
const notTrailers = new Set(['content-length', 'host', 'trailer', 'set-cookie', 'content-encoding'])

const tab = 9
const space = 32

function trimmed(text: string, from: number, to: number): string {
  let start = from
  let end = to
  while (start < end && isBlank(text.charCodeAt(start))) start += 1
  while (end > start && isBlank(text.charCodeAt(end - 1))) end -= 1
  return text.slice(start, end)
}

function isBlank(code: number): boolean {
  return code === space || code === tab
}
