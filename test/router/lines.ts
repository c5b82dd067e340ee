import net from 'node:net'
import type { Socket } from 'node:net'
import tls from 'node:tls'
import type { SecureContext } from 'node:tls'
import type { Test } from 'tap'
import { keyPem, makeKey, selfSigned, toPem } from '#lib/x509.ts'
import { contextOf } from '#router/tls/handshake.ts'
import type { Certificates } from '#router/transport/certificates.ts'
import { openNetwork } from '#router/transport/choose.ts'
import type {
  ConnectReceiver,
  ListenOptions,
  Network,
  Receiver,
  Transport,
} from '#router/transport/transport.ts'

/** A context for some names, signed by its own key. */
export async function contextFor(...names: string[]): Promise<SecureContext> {
  const key = await makeKey()
  const from = new Date(Date.now() - 60_000)
  const until = new Date(Date.now() + 86_400_000)
  const der = selfSigned({ subject: names[0] ?? '', names, from, until }, key)
  return contextOf({ cert: toPem('CERTIFICATE', der), key: keyPem(key) })
}

/** Certificates in memory. */
export class TestCertificates implements Certificates {
  readonly contexts = new Map<string, SecureContext>()
  readonly challenges = new Map<string, SecureContext>()
  ticketKeys: Buffer = Buffer.alloc(48, 1)
  #listener: (keys: Buffer) => void = () => undefined

  contextFor(serverName: string): SecureContext | undefined {
    return this.contexts.get(serverName)
  }

  challengeFor(serverName: string): SecureContext | undefined {
    return this.challenges.get(serverName)
  }

  get hasChallenges(): boolean {
    return this.challenges.size > 0
  }

  onTicketKeys(listener: (keys: Buffer) => void): void {
    this.#listener = listener
  }

  changeTicketKeys(keys: Buffer): void {
    this.ticketKeys = keys
    this.#listener(keys)
  }
}

const aTest = contextFor('a.test')

/** Certificates with one for `a.test`. */
export async function testCertificates(): Promise<TestCertificates> {
  const certificates = new TestCertificates()
  certificates.contexts.set('a.test', await aTest)
  return certificates
}

/** What a receiver was told, in order, and what it does about it. */
export class Notes implements ConnectReceiver {
  line: Transport | null = null
  readonly events: string[] = []
  text = ''
  size = 0
  onBytesDo: (bytes: Buffer) => void = () => undefined
  onEndDo: () => void = () => undefined
  onDrainedDo: () => void = () => undefined
  #wake: () => void = () => undefined

  onConnected(): void {
    this.#note('connected')
  }

  onBytes(bytes: Buffer): void {
    this.size += bytes.length
    if (this.text.length < 100_000) this.text += bytes.toString('latin1')
    this.#note('bytes', () => this.onBytesDo(bytes))
  }

  onEnd(): void {
    this.#note('end', this.onEndDo)
  }

  onDrained(): void {
    this.#note('drained', this.onDrainedDo)
  }

  onClosed(): void {
    this.#note('closed')
  }

  /** How often it was told. */
  count(event: string): number {
    return this.events.filter((one) => one === event).length
  }

  async until(isMet: () => boolean): Promise<void> {
    const late = Date.now() + 5000
    while (!isMet()) {
      if (Date.now() > late) throw new Error(`nothing more after ${this.events.join(' ')}`)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 50)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }

  #note(event: string, act: () => void = () => undefined): void {
    if (this.events.at(-1) !== event || event !== 'bytes') this.events.push(event)
    this.#wake()
    act()
  }
}

export interface Bench {
  readonly network: Network
  readonly port: number
  readonly bugs: unknown[]
  /** What the next connection's receiver notes. */
  next(): Promise<Notes>
}

/** Listens, and notes for each connection what its receiver is told. */
export async function listenOn(
  t: Test,
  kind: 'net' | 'handle',
  options: ListenOptions = {},
  prepare: (notes: Notes) => void = () => undefined,
): Promise<Bench> {
  const bugs: unknown[] = []
  const { network } = await openNetwork(kind, (error) => bugs.push(error))
  const here: Notes[] = []
  const waiting: ((notes: Notes) => void)[] = []
  const accept = (line: Transport): Receiver => {
    const notes = new Notes()
    notes.line = line
    prepare(notes)
    const taker = waiting.shift()
    if (taker === undefined) here.push(notes)
    else taker(notes)
    return notes
  }
  const listener = await network.listen({ host: '127.0.0.1', port: 0 }, accept, options)
  t.teardown(() => listener.close())
  const next = (): Promise<Notes> =>
    new Promise((resolve) => {
      const notes = here.shift()
      if (notes === undefined) waiting.push(resolve)
      else resolve(notes)
    })
  return { network, port: listener.port, bugs, next }
}

/** A plain or TLS connection of `node:net`, closed with the test. */
export function call(t: Test, port: number, secure: tls.ConnectionOptions | null): Socket {
  const tcp = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  const over = { servername: 'a.test', rejectUnauthorized: false, socket: tcp, ...secure }
  const socket = secure === null ? tcp : tls.connect(over)
  tcp.on('error', () => undefined)
  socket.on('error', () => undefined)
  t.teardown(() => socket.destroy())
  return socket
}
