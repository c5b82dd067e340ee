import { codes } from '#router/proxy/entry.ts'
import type { Entry } from '#router/proxy/entry.ts'

/** What is kept of a request until its line is written: a copy, used again and again. */
export class Line {
  atMs = 0
  /** `app/environment`; empty: no app's. */
  site = ''
  instance = ''
  method = ''
  host = ''
  target = ''
  requestId = ''
  clientAddress = ''
  scheme: Entry['scheme'] = 'http'
  protocol: Entry['protocol'] = 'http/1.1'
  status = 0
  code: Entry['code'] = null
  connectMs = 0
  serviceMs = 0
  heldMs = 0
  bytes = 0

  /** What an entry has of the request. */
  take(entry: Entry): void {
    const { site, instance } = entry
    this.atMs = entry.endedAt
    this.site = site === null ? '' : site.key
    this.instance = instance === null ? '' : instance.id
    this.method = entry.method
    this.host = entry.host
    this.target = bounded(entry.target)
    this.requestId = entry.requestId
    this.clientAddress = entry.clientAddress
    this.scheme = entry.scheme
    this.protocol = entry.protocol
    this.status = entry.status
    this.code = entry.code
    this.connectMs = entry.connectMs
    this.serviceMs = entry.serviceMs
    this.heldMs = entry.heldMs
    this.bytes = entry.bytes
  }
}

/** Characters of a target, and of any other word of a client, that a line has room for. */
const targetLimit = 1024
const wordLimit = 255
const cutMark = '…'

/**
 * One request in the manner people know from Heroku's router:
 * `at=info method=GET path="/x" host=a.example.org request_id=… fwd="1.2.3.4" dyno=web.1 connect=0ms
 * service=12ms status=200 bytes=512 protocol=http`.
 */
export function accessLine(line: Line): string {
  return (
    `${head(line)} method=${word(line.method)} path="${path(line.target)}" ` +
    `host=${word(line.host)} request_id=${word(line.requestId)} fwd="${word(line.clientAddress)}" ` +
    `dyno=${dynoOf(line.instance)} connect=${ms(line.connectMs)} service=${ms(line.serviceMs)} ` +
    `status=${line.status === 0 ? '' : line.status} bytes=${line.bytes} protocol=${line.scheme}${tail(line)}`
  )
}

function head({ code }: Line): string {
  return code === null ? 'at=info' : `at=error code=${code} desc="${codes[code]}"`
}

function tail({ scheme, protocol, heldMs }: Line): string {
  const tls = scheme === 'https' ? ' tls=true' : ''
  const version = protocol === 'http/1.1' ? '' : ` version=${protocol}`
  return heldMs > 0 ? `${tls}${version} held=${ms(heldMs)}` : tls + version
}

/** The same for the operator, with whose request it was; one JSON document. */
export function jsonLine(line: Line): string {
  const { site, instance, code } = line
  const [app = null, environment = null] = site === '' ? [] : site.split('/')
  return JSON.stringify({
    at: isoTime(line.atMs),
    level: code === null ? 'info' : 'error',
    program: 'router',
    event: 'request',
    app,
    environment,
    instance: instance === '' ? null : instance,
    method: cut(line.method, wordLimit),
    host: cut(line.host, wordLimit),
    path: cut(line.target, targetLimit),
    requestId: cut(line.requestId, wordLimit),
    client: line.clientAddress,
    scheme: line.scheme,
    protocol: line.protocol,
    status: line.status,
    code,
    connectMs: whole(line.connectMs),
    serviceMs: whole(line.serviceMs),
    heldMs: whole(line.heldMs),
    bytes: line.bytes,
  })
}

/** `slw-main-shop-1a2b3c4d-web-1` is `web.1`; without an instance nothing. */
function dynoOf(instance: string): string {
  const index = instance.lastIndexOf('-')
  const type = instance.lastIndexOf('-', index - 1)
  return index < 0
    ? word(instance)
    : `${word(instance.slice(type + 1, index))}.${instance.slice(index + 1)}`
}

// What would end a quoted value, or is not printable ASCII.
// oxlint-disable-next-line no-control-regex
const unsafe = /["\\\x00-\x1f\x7f-\uffff]/
// oxlint-disable-next-line no-control-regex
const unsafeInWord = /["\\\x00-\x20\x7f-\uffff]/

function path(target: string): string {
  return safe(cut(target, targetLimit), unsafe, targetLimit)
}

function word(text: string): string {
  return safe(cut(text, wordLimit), unsafeInWord, wordLimit)
}

/** Percent signs for what must not stand as it is: no client can end a value, a line, or a terminal's mode. */
function safe(text: string, pattern: RegExp, limit: number): string {
  if (!pattern.test(text)) return text
  const all = new RegExp(pattern, 'g')
  return cut(text.replace(all, percent), limit)
}

/** A character is a byte, except for our own mark. */
function percent(character: string): string {
  if (character === cutMark) return cutMark
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
}

/** A part of a string keeps all of it in memory, unless it is made anew. */
function bounded(target: string): string {
  if (target.length <= targetLimit) return target
  return Buffer.from(target.slice(0, targetLimit + 1), 'latin1').toString('latin1')
}

function cut(text: string, limit: number): string {
  return text.length <= limit ? text : text.slice(0, limit - 1) + cutMark
}

function ms(time: number): string {
  return `${whole(time)}ms`
}

function whole(time: number): number {
  return Math.round(time)
}

let lastMs = -1
let lastText = ''

/** Many lines are of the same millisecond. */
function isoTime(atMs: number): string {
  if (atMs !== lastMs) {
    lastMs = atMs
    lastText = new Date(atMs).toISOString()
  }
  return lastText
}
