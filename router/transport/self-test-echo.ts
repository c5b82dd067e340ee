import { setTimeout as sleep } from 'node:timers/promises'
import type { ListenOptions, Network, Receiver, Transport } from './transport.ts'

const deadlineMs = 2000
/** What the echo says last. */
const goodbye = 'bye'

/** Says all of `heard.said`, then its end, and returns when the connection is gone. */
export type Converse = (port: number, heard: Heard) => Promise<void>

/**
 * Listens as told and holds two conversations: one of so many bytes, whose echo must be whole and
 * end in order, and one that is cut. Rejects with what went wrong.
 */
export async function tryEcho(
  network: Network,
  options: ListenOptions,
  converse: Converse,
  muchBytes: number,
): Promise<void> {
  const echo = (line: Transport): Receiver => new Echo(line)
  const listener = await network.listen({ host: '127.0.0.1', port: 0 }, echo, options)
  const hear = async (said: Buffer): Promise<Heard> => {
    const heard = new Heard(said)
    await converse(listener.port, heard)
    return heard
  }
  const late = new AbortController()
  try {
    await Promise.race([tryBoth(hear, muchBytes), fail(late.signal)])
  } finally {
    late.abort()
    listener.close()
  }
}

async function tryBoth(hear: (said: Buffer) => Promise<Heard>, muchBytes: number): Promise<void> {
  const [echoed, cut] = await Promise.all([
    hear(Buffer.alloc(muchBytes, 'slipway')),
    hear(Buffer.from('cut me')),
  ])
  check(echoed.isWhole, 'an echo came back changed')
  check(echoed.hasEnded, 'an end was not told')
  check(!cut.hasEnded && cut.size === 0, 'a reset looked like an end')
}

function check(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise)
}

async function fail(signal: AbortSignal): Promise<never> {
  await sleep(deadlineMs, undefined, { signal, ref: false }).catch(() => undefined)
  throw new Error(`it took more than ${deadlineMs} ms`)
}

/**
 * What is heard of an echo; it should be what was said, and the goodbye. It is not kept: a router
 * would be larger by it for as long as it lives.
 */
export class Heard {
  readonly said: Buffer
  hasEnded = false
  size = 0
  readonly #wanted: Buffer
  #isSame = true

  constructor(said: Buffer) {
    this.#wanted = Buffer.concat([said, Buffer.from(goodbye)])
    this.said = this.#wanted.subarray(0, said.length)
  }

  get isWhole(): boolean {
    return this.#isSame && this.size === this.#wanted.length
  }

  take(bytes: Buffer): void {
    const end = this.size + bytes.length
    this.#isSame &&= this.#wanted.subarray(this.size, end).equals(bytes)
    this.size = end
  }
}

/** Sends everything back; cuts who asks for it; says goodbye after the other side's end. */
class Echo implements Receiver {
  readonly #line: Transport

  constructor(line: Transport) {
    this.#line = line
  }

  onBytes(bytes: Buffer): void {
    if (bytes.toString('latin1') === 'cut me') return this.#line.abort()
    this.#line.writeBytes(bytes, 0, bytes.length)
    if (this.#line.isCongested) this.#line.pause()
  }

  onEnd(): void {
    this.#line.writeText(goodbye)
    this.#line.shutDown()
  }

  onDrained(): void {
    this.#line.resume()
  }

  onClosed(): void {}
}
