import { latin1 } from './bytes.ts'
import { requestId } from './request-id.ts'
import type { RequestHead } from './request-head.ts'
import type { ResponseHead } from './response-head.ts'

export interface ClientAddress {
  readonly address: string
  /** Port of ours that it connected to. */
  readonly port: number
  readonly scheme: 'http' | 'https'
}

/** The fields that are the same for all requests of a connection; the host's value follows. */
export function forwardedFields({ address, port, scheme }: ClientAddress): string {
  return (
    `X-Forwarded-For: ${address}\r\nX-Forwarded-Proto: ${scheme}\r\n` +
    `X-Forwarded-Port: ${port}\r\nVia: 1.1 slipway\r\nX-Forwarded-Host: `
  )
}

/**
 * The head an instance is sent: the client's own text, less what is not to be passed on, plus who
 * asks and since when. `X-Request-Start` is milliseconds since 1970.
 */
export function requestHeadText(
  head: RequestHead,
  bytes: Buffer,
  start: number,
  forwarded: string,
): string {
  const host = latin1(bytes, head.hostStart, head.hostEnd)
  const kept =
    head.path === null ? head.keptText(bytes, start) : originForm(head, bytes, head.path, host)
  const upgrade = head.wantsUpgrade ? '\r\nConnection: Upgrade' : ''
  return (
    `${kept}${forwarded}${host}\r\nX-Request-Id: ${requestId()}\r\n` +
    `X-Request-Start: ${Date.now()}${upgrade}\r\n\r\n`
  )
}

function originForm(head: RequestHead, bytes: Buffer, path: string, host: string): string {
  const line = `${head.method} ${path} HTTP/1.${head.minor}\r\nHost: ${host}\r\n`
  head.named = ['host']
  head.dropNamed(bytes)
  return line + head.keptText(bytes, head.fieldsStart)
}

/** Whether an answer's head may pass as it stands. */
export function isClean(head: ResponseHead, closes: boolean): boolean {
  return head.dropCount === 0 && !closes && head.minor === 1
}

/** The head a client is sent. `connection`: what its Connection field says, if it has one. */
export function responseHeadText(
  head: ResponseHead,
  bytes: Buffer,
  start: number,
  connection: 'close' | 'Upgrade' | null,
): string {
  const kept = head.keptText(bytes, start)
  // The version is ours: what the instance speaks is between it and us.
  const text = head.minor === 1 ? kept : `HTTP/1.1${kept.slice(8)}`
  return connection === null ? `${text}\r\n` : `${text}Connection: ${connection}\r\n\r\n`
}
