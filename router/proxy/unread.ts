import type { Entry } from './entry.ts'
import type { Peer } from './origin.ts'
import type { Reply } from './reply.ts'

/** A request that could not be read, and so belongs to no app. */
export class Unread implements Entry {
  readonly site = null
  readonly instance = null
  readonly method = ''
  readonly host = ''
  readonly target = ''
  readonly requestId = ''
  readonly connectMs = 0
  readonly serviceMs = 0
  readonly heldMs = 0
  readonly endedAt = Date.now()
  readonly status: number
  readonly code: Entry['code']
  readonly bytes: number
  readonly clientAddress: string
  readonly scheme: Entry['scheme']
  readonly protocol: Entry['protocol']

  constructor({ status, code }: Reply, bytes: number, peer: Peer, isHttp2: boolean) {
    this.status = status
    this.code = code
    this.bytes = bytes
    this.clientAddress = peer.address
    this.scheme = peer.isSecure ? 'https' : 'http'
    this.protocol = isHttp2 ? 'h2' : 'http/1.1'
  }
}
