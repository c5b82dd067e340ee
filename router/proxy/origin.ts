import { isIP } from 'node:net'
import { dateAt } from '#router/clock.ts'
import type { Networks } from '#router/rules/networks.ts'
import type { Transport } from '#router/transport/transport.ts'
import { isSame, latin1 } from './bytes.ts'
import { hostNameEnd } from './host.ts'
import { requestId } from './request-id.ts'
import type { RequestHead } from './request-head.ts'

/** Who asks, as far as we believe it. */
export interface Origin {
  readonly address: string
  readonly isSecure: boolean
  readonly requestId: string
  /** The fields that tell the app so, each with its CR LF. */
  readonly fields: string
}

/**
 * Where a connection comes from. What a client says about itself is believed only from a declared
 * proxy, which speaks for the addresses it names (`X-Forwarded-For`, from the right).
 */
export class Peer {
  readonly address: string
  readonly isSecure: boolean
  readonly #port: number
  readonly #isTrusted: boolean
  readonly #trusted: Networks | null
  /** The same for all requests of the connection, up to the host. */
  readonly #fields: string
  /** Our own mark, with the version that the client spoke. */
  readonly #via: string
  /** The host that was asked last, with its port and without: most connections ask for one only. */
  #host = ''
  #hostName = ''
  #hostFields: string

  constructor(transport: Transport, trusted: Networks | null) {
    this.address = transport.remoteAddress
    this.isSecure = transport.isSecure
    this.#port = transport.localPort
    this.#trusted = trusted
    this.#isTrusted = trusted?.includes(this.address) === true
    this.#via = transport.isHttp2 === true ? '2 slipway' : '1.1 slipway'
    this.#fields =
      `X-Forwarded-For: ${this.address}\r\nX-Forwarded-Proto: ${this.isSecure ? 'https' : 'http'}\r\n` +
      `X-Forwarded-Port: ${this.#port}\r\nVia: ${this.#via}\r\nX-Forwarded-Host: `
    this.#hostFields = this.#fieldsFor('')
  }

  /** The host of the request whose head was just read, as the client wrote it, without port. */
  hostOf({ hostStart, hostNameEnd: nameEnd, hostEnd }: RequestHead, bytes: Buffer): string {
    if (!isSame(bytes, hostStart, hostEnd, this.#host)) {
      this.#host = latin1(bytes, hostStart, hostEnd)
      this.#hostName = this.#host.slice(0, nameEnd - hostStart)
      this.#hostFields = this.#fieldsFor(this.#host)
    }
    return this.#hostName
  }

  /** Who makes that request, which came at `moment`, once `hostOf` has been asked. */
  origin(head: RequestHead, bytes: Buffer, moment: number): Origin {
    if (this.#isTrusted) return this.#told(head, bytes, moment)
    const id = requestId()
    const fields = `${this.#hostFields}${id}\r\n${startField(dateAt(moment))}`
    return { address: this.address, isSecure: this.isSecure, requestId: id, fields }
  }

  /** Takes over what a declared proxy says, where it makes sense, and adds what we know. */
  #told(head: RequestHead, bytes: Buffer, moment: number): Origin {
    const told = (name: string, grammar: RegExp): string | null => {
      const value = head.value(bytes, name)
      return value !== null && grammar.test(value) ? value : null
    }
    const hops = told('x-forwarded-for', /^[\da-fA-F:., ]{1,2000}$/)
    const proto = told('x-forwarded-proto', /^https?$/) ?? (this.isSecure ? 'https' : 'http')
    const port = told('x-forwarded-port', /^\d{1,5}$/) ?? this.#port
    const id = told('x-request-id', /^[\w.+/=-]{1,128}$/) ?? requestId()
    const start = told('x-request-start', /^(t=)?\d{1,20}(\.\d{1,9})?$/) ?? dateAt(moment)
    const wayBefore = told('via', /^[\x20-\x7e]{1,1000}$/)
    const fields =
      `X-Forwarded-For: ${hops === null ? '' : `${hops}, `}${this.address}\r\n` +
      `X-Forwarded-Proto: ${proto}\r\nX-Forwarded-Port: ${port}\r\n` +
      `Via: ${wayBefore === null ? '' : `${wayBefore}, `}${this.#via}\r\n` +
      `X-Forwarded-Host: ${toldHost(head, bytes) ?? this.#host}\r\n` +
      `X-Request-Id: ${id}\r\nX-Request-Start: ${start}\r\n`
    return { address: this.#client(hops), isSecure: proto === 'https', requestId: id, fields }
  }

  #fieldsFor(host: string): string {
    return `${this.#fields}${host}\r\nX-Request-Id: `
  }

  /** The nearest address that no declared proxy has: farther ones are hearsay. */
  #client(hops: string | null): string {
    let client = this.address
    for (const hop of (hops ?? '').split(',').toReversed()) {
      if (isIP(hop.trim()) === 0) return client
      client = hop.trim()
      if (this.#trusted?.includes(client) !== true) return client
    }
    return client
  }
}

let startMs = 0
let startText = ''

/** At high rates many requests share a millisecond. */
function startField(ms: number): string {
  if (ms !== startMs) startText = `X-Request-Start: ${ms}\r\n`
  startMs = ms
  return startText
}

function toldHost(head: RequestHead, bytes: Buffer): string | null {
  const host = head.value(bytes, 'x-forwarded-host')
  if (host === null) return null
  const all = Buffer.from(host, 'latin1')
  return hostNameEnd(all, 0, all.length) > 0 ? host : null
}
