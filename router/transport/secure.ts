import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { SecureContext, TLSSocketOptions } from 'node:tls'
import type { Arrival } from './arrival.ts'
import { readBeginning } from '#lib/beginning.ts'
import { Bases } from './bases.ts'
import { Deadlines } from './deadlines.ts'
import { challengeProtocol, protocolsOffered } from './hello.ts'
import type { Source, TlsOptions } from './transport.ts'

/** A fatal alert, `unrecognized_name` (RFC 6066): Node would say nothing at all. */
export const unknownName = Buffer.from([21, 3, 3, 0, 2, 2, 112])

/** Turns connections into TLS ones. */
export interface Handshakes {
  /** `offers`: the protocols the client offers, if they are known. */
  begin(tcp: Socket, source: Source, offers?: readonly string[]): void
}

/** What all handshakes of a listener share. */
export interface Common {
  readonly tls: TlsOptions
  readonly deadlines: Deadlines
  readonly bases: Bases
}

export function openCommon(tls: TlsOptions, deadlineMs: number): Common {
  return { tls, deadlines: new Deadlines(deadlineMs), bases: new Bases(tls.certificates) }
}

export function offersHttp2(tls: TlsOptions, { remoteAddress }: Source): boolean {
  return tls.onHttp2 !== undefined && tls.isHttp2For?.(remoteAddress) !== false
}

type Arrive = (arrival: Arrival) => void
type SniDone = (error: Error | null, context?: SecureContext) => void

export function openHandshakes(
  { tls, deadlines, bases }: Common,
  arrive: Arrive,
  onBug: (error: unknown) => void,
): Handshakes {
  return {
    begin: (tcp, source, offers) => {
      deadlines.add(tcp)
      tcp.once('close', () => deadlines.remove(tcp))
      sortOut(tcp, tls, offers, (isChallenge) => {
        const shake = new Handshake(tcp, source, tls, isChallenge)
        shake.begin(bases.next(), (socket) => {
          deadlines.remove(tcp)
          attempt(() => shake.finish(socket, arrive), socket, onBug)
        })
      })
    },
  }
}

/** A challenge is told by its protocol, which in TLS 1.2 Node only shows after the certificate was chosen. */
function sortOut(
  tcp: Socket,
  tls: TlsOptions,
  offers: readonly string[] | undefined,
  go: (isChallenge: boolean) => void,
): void {
  if (!tls.certificates.hasChallenges) return go(false)
  let isChallenge = offers?.includes(challengeProtocol) === true
  if (offers !== undefined) return go(isChallenge)
  const look = (bytes: Buffer): 'more' | 0 => {
    const found = protocolsOffered(bytes)
    isChallenge = found?.includes(challengeProtocol) === true
    return found === undefined ? 'more' : 0
  }
  readBeginning(tcp, look, () => go(isChallenge))
}

function attempt(event: () => void, socket: TLSSocket, onBug: (error: unknown) => void): void {
  try {
    event()
  } catch (error) {
    onBug(error)
    socket.destroy()
  }
}

class Handshake {
  readonly #tcp: Socket
  readonly #source: Source
  readonly #tls: TlsOptions
  readonly #isChallenge: boolean

  constructor(tcp: Socket, source: Source, tls: TlsOptions, isChallenge: boolean) {
    this.#tcp = tcp
    this.#source = source
    this.#tls = tls
    this.#isChallenge = isChallenge
  }

  begin(secureContext: SecureContext, onSecure: (socket: TLSSocket) => void): void {
    const socket = new TLSSocket(this.#tcp, {
      isServer: true,
      secureContext,
      ALPNProtocols: this.#protocols,
      SNICallback: (name, done) => this.#choose(name.toLowerCase(), socket, done),
    } satisfies TLSSocketOptions)
    // Node leaves open what breaks after the handshake. Either way it is the client's fault, or its
    // network's, and not worth a line; 'close' follows.
    let isSecure = false
    socket
      .on('error', () => socket.destroy())
      .once('secure', () => {
        isSecure = true
        this.#tls.onHandshake?.(socket.isSessionReused() ? 'resumed' : 'full')
        onSecure(socket)
      })
    socket.once('close', () => {
      if (!isSecure) this.#tls.onHandshake?.('failed')
    })
  }

  finish(socket: TLSSocket, arrive: Arrive): void {
    releaseControl(socket)
    if (this.#isChallenge) return void socket.end()
    const source = this.#source
    if (socket.alpnProtocol === 'h2') return this.#tls.onHttp2?.(socket, source)
    arrive({ socket, tcp: this.#tcp, source, isSecure: true, serverName: serverNameOf(socket) })
  }

  get #protocols(): string[] {
    if (this.#isChallenge) return [challengeProtocol]
    return offersHttp2(this.#tls, this.#source) ? ['h2', 'http/1.1'] : ['http/1.1']
  }

  #choose(name: string, socket: TLSSocket, done: SniDone): void {
    const { certificates } = this.#tls
    const context = this.#isChallenge
      ? certificates.challengeFor(name)
      : certificates.contextFor(name)
    if (context !== undefined) return done(null, context)
    this.#tcp.write(unknownName)
    socket.destroy()
  }
}

/** As `tls.Server` does when a handshake is done: from here on errors are told, and `node:http2` does not wait for it. */
function releaseControl(socket: TLSSocket): void {
  const inside = socket as unknown as { _releaseControl?: () => void; secureConnecting?: boolean }
  inside._releaseControl?.()
  inside.secureConnecting = false
}

function serverNameOf(socket: TLSSocket): string {
  const { servername } = socket as unknown as { servername?: string | false }
  return typeof servername === 'string' ? servername.toLowerCase() : ''
}
