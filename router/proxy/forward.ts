import { latin1 } from './bytes.ts'
import type { RequestHead } from './request-head.ts'
import type { ResponseHead } from './response-head.ts'

/**
 * The head an instance is sent: the client's own text, less what is not to be passed on, plus
 * `fields`, who asks and since when.
 *
 * `target`: what stands in the request line instead of what the client wrote; null: that.
 */
export function requestHeadText(
  head: RequestHead,
  bytes: Buffer,
  start: number,
  { fields, target }: { readonly fields: string; readonly target: string | null },
): string {
  const written = target ?? head.path
  const kept = written === null ? head.keptText(bytes, start) : rewritten(head, bytes, written)
  return `${kept}${fields}${head.wantsUpgrade ? 'Connection: Upgrade\r\n\r\n' : '\r\n'}`
}

/** With another target. Of an absolute one the host counts, not the Host field (RFC 9112, 3.2.2). */
function rewritten(head: RequestHead, bytes: Buffer, target: string): string {
  const host = latin1(bytes, head.hostStart, head.hostEnd)
  const line = `${head.method} ${target} HTTP/1.${head.minor}\r\nHost: ${host}\r\n`
  head.named = ['host']
  head.dropNamed(bytes)
  return line + head.keptText(bytes, head.fieldsStart)
}

/** Whether an answer's head may pass as it stands, apart from what is dropped. */
export function isPlain(head: ResponseHead, closes: boolean): boolean {
  return !closes && head.minor === 1
}

/** The head a client is sent; `fields` stand last, each with its CR LF. */
export function responseHeadText(
  head: ResponseHead,
  bytes: Buffer,
  start: number,
  fields: string,
): string {
  const kept = head.keptText(bytes, start)
  // The version is ours: what the instance speaks is between it and us.
  return `${head.minor === 1 ? kept : `HTTP/1.1${kept.slice(8)}`}${fields}\r\n`
}
