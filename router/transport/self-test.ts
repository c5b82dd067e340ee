import { setTimeout as sleep } from 'node:timers/promises'
import type { ConnectReceiver, Listener, Network, Receiver, Transport } from './transport.ts'

const deadlineMs = 2000
/** More than a socket's buffers take, so that writes have to wait. */
const muchBytes = 4_000_000
/** What the other side says last. */
const goodbye = 'bye'

/**
 * Exercises a network over loopback: an echo, more bytes than fit at once, an end said by one side
 * while the other goes on, and a reset. Takes some milliseconds; rejects with what went wrong.
 */
export async function tryOut(network: Network): Promise<void> {
  const listener = await network.listen({ host: '127.0.0.1', port: 0 }, (line) => new Echo(line))
  const late = new AbortController()
  try {
    await Promise.race([all(network, listener), fail(late.signal)])
  } finally {
    late.abort()
    listener.close()
  }
}

async function all(network: Network, { port }: Listener): Promise<void> {
  const much = Buffer.alloc(muchBytes, 'slipway')
  much.write(goodbye, much.length - goodbye.length)
  const [echoed, cut] = await Promise.all([
    converse(network, port, much),
    converse(network, port, Buffer.from(`cut me${goodbye}`)),
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

interface Heard {
  readonly size: number
  readonly isWhole: boolean
  readonly hasEnded: boolean
}

function converse(network: Network, port: number, wanted: Buffer): Promise<Heard> {
  return new Promise((resolve, reject) => {
    const caller = new Caller(wanted, resolve)
    try {
      caller.line = network.connect({ host: '127.0.0.1', port }, caller)
    } catch (error) {
      reject(error instanceof Error ? error : new Error('it cannot connect'))
    }
  })
}

/**
 * Says all of what it wants to hear but the goodbye, then its end, and listens until the connection is gone.
 * What it hears is not kept: a router would be larger by it for as long as it lives.
 */
class Caller implements ConnectReceiver {
  line: Transport | null = null
  readonly #wanted: Buffer
  readonly #done: (heard: Heard) => void
  #size = 0
  #isSame = true
  #hasEnded = false

  constructor(wanted: Buffer, done: (heard: Heard) => void) {
    this.#wanted = wanted
    this.#done = done
  }

  onConnected(): void {
    this.line?.writeBytes(this.#wanted, 0, this.#wanted.length - goodbye.length)
    this.line?.shutDown()
  }

  onBytes(bytes: Buffer): void {
    const end = this.#size + bytes.length
    this.#isSame &&= this.#wanted.subarray(this.#size, end).equals(bytes)
    this.#size = end
  }

  onEnd(): void {
    this.#hasEnded = true
  }

  onDrained(): void {}

  onClosed(): void {
    const isWhole = this.#isSame && this.#size === this.#wanted.length
    this.#done({ size: this.#size, isWhole, hasEnded: this.#hasEnded })
  }
}
