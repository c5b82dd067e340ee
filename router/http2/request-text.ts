/** What a stream asks for, as the text of an HTTP/1.1 request. */
export interface StreamRequest {
  /** The head, with its empty line. */
  readonly text: string
  readonly isHead: boolean
  /** Extended CONNECT (RFC 8441): DATA is the other protocol's, both ways. */
  readonly isTunnel: boolean
  /** Of the body; -1: not told, so it is sent on in chunks. */
  readonly contentLength: number
}

/** `malformed`: RFC 9113 (8.1.1) calls for a stream error. `unserved`: a protocol other than WebSocket. */
export type Refusal = 'malformed' | 'unserved'

const methodPattern = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const namePattern = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/
/** Above 255 nothing may pass: written as Latin-1 such a character could become a line end. */
const valuePattern = /^[\t\x20-\x7e\x80-\xff]*$/
const authorityPattern = /^[\x21-\x7e]+$/
const pathPattern = /^\/[\x21\x22\x24-\x7e\x80-\xff]*$/
const lengthPattern = /^\d{1,15}$/

/** The methods that servers expect a length from even when it is 0 (RFC 9110, 8.6). */
const bodied = new Set(['POST', 'PUT', 'PATCH'])
/** They speak of one connection; a message that has them is malformed (RFC 9113, 8.2.2). */
const connectionFields = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
])

/** What was found in a header block. */
class Found {
  method = ''
  path = ''
  scheme = ''
  authority = ''
  protocol = ''
  host = ''
  cookie = ''
  contentLength = -1
  /** All other fields, as lines. */
  lines = ''
}

/**
 * Translates a header block, given as names and values in turn. Everything is checked here, whatever
 * the layer below has checked: a line end that gets through would be a request nobody sent.
 */
export function readStreamRequest(
  fields: readonly string[],
  hasBody: boolean,
): StreamRequest | Refusal {
  const found = new Found()
  let at = 0
  while (at < fields.length && fields[at]?.startsWith(':') === true) {
    if (!takePseudo(found, fields[at] as string, fields[at + 1] as string)) return 'malformed'
    at += 2
  }
  for (; at < fields.length; at += 2) {
    if (!takeField(found, fields[at] as string, fields[at + 1] as string)) return 'malformed'
  }
  return isWellFormed(found, hasBody) ? write(found, hasBody) : 'malformed'
}

function takePseudo(found: Found, name: string, value: string): boolean {
  switch (name) {
    case ':method':
      if (found.method !== '' || !methodPattern.test(value)) return false
      found.method = value
      return true
    case ':path':
      if (found.path !== '' || !(pathPattern.test(value) || value === '*')) return false
      found.path = value
      return true
    case ':scheme':
      if (found.scheme !== '' || value === '') return false
      found.scheme = value
      return true
    case ':authority':
      if (found.authority !== '' || !authorityPattern.test(value)) return false
      found.authority = value
      return true
    case ':protocol':
      if (found.protocol !== '' || !methodPattern.test(value)) return false
      found.protocol = value
      return true
    default:
      return false
  }
}

function takeField(found: Found, name: string, value: string): boolean {
  if (!namePattern.test(name) || !valuePattern.test(value)) return false
  switch (name) {
    case 'host':
      if (found.host !== '' || !authorityPattern.test(value)) return false
      found.host = value
      return true
    case 'content-length':
      if (found.contentLength >= 0 || !lengthPattern.test(value)) return false
      found.contentLength = Number(value)
      return true
    case 'cookie':
      // Sent in crumbs, so that each can be indexed (RFC 9113, 8.2.3).
      found.cookie = found.cookie === '' ? value : `${found.cookie}; ${value}`
      return true
    case 'te':
      return value === 'trailers'
    case 'sec-websocket-key':
      if (found.protocol === '') found.lines += `${name}: ${value}\r\n`
      return true
    default:
      found.lines += `${name}: ${value}\r\n`
      return !connectionFields.has(name)
  }
}

function isWellFormed(found: Found, hasBody: boolean): boolean {
  const { method, path, scheme, authority, host, protocol, contentLength } = found
  if (method === '' || (authority === '' && host === '')) return false
  if (authority !== '' && host !== '' && authority.toLowerCase() !== host.toLowerCase())
    return false
  if (!hasBody && contentLength > 0) return false
  const isConnect = method === 'CONNECT'
  if (protocol !== '' && (!isConnect || contentLength >= 0)) return false
  if (isConnect && protocol === '') return path === '' && scheme === '' && authority !== ''
  if (path === '' || scheme === '') return false
  return path !== '*' || method === 'OPTIONS'
}

function write(found: Found, hasBody: boolean): StreamRequest | Refusal {
  const { method, contentLength, protocol, cookie } = found
  const isTunnel = protocol !== ''
  if (isTunnel && protocol.toLowerCase() !== 'websocket') return 'unserved'
  const host = found.authority === '' ? found.host : found.authority
  const line = isTunnel ? `GET ${found.path}` : `${method} ${found.path === '' ? host : found.path}`
  const cookies = cookie === '' ? '' : `cookie: ${cookie}\r\n`
  const framing = isTunnel ? webSocketFields() : framingField(method, contentLength, hasBody)
  return {
    text: `${line} HTTP/1.1\r\nHost: ${host}\r\n${found.lines}${cookies}${framing}\r\n`,
    isHead: method === 'HEAD',
    isTunnel,
    contentLength,
  }
}

function framingField(method: string, contentLength: number, hasBody: boolean): string {
  if (contentLength >= 0) return `Content-Length: ${contentLength}\r\n`
  if (hasBody) return 'Transfer-Encoding: chunked\r\n'
  return bodied.has(method) ? 'Content-Length: 0\r\n' : ''
}

/** HTTP/2 has no key; an app wants one. It only proves that the app is no cache, so it needs no luck. */
function webSocketFields(): string {
  return 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: c2xpcHdheSBodHRwLzIgLg==\r\n'
}
