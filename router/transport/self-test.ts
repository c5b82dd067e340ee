import { tryEcho } from './self-test-echo.ts'
import type { Heard } from './self-test-echo.ts'
import type { ConnectReceiver, Network, Transport } from './transport.ts'

/** More than a socket's buffers take, so that writes have to wait. */
const muchBytes = 4_000_000

/**
 * Exercises a network over loopback: an echo, more bytes than fit at once, an end said by one side
 * while the other goes on, and a reset. Takes some milliseconds; rejects with what went wrong.
 */
export async function tryOut(network: Network): Promise<void> {
  await tryEcho(network, {}, (port, heard) => converse(network, port, heard), muchBytes)
}

function converse(network: Network, port: number, heard: Heard): Promise<void> {
  return new Promise((resolve, reject) => {
    const caller = new Caller(heard, resolve)
    try {
      caller.line = network.connect({ host: '127.0.0.1', port }, caller)
    } catch (error) {
      reject(error instanceof Error ? error : new Error('it cannot connect'))
    }
  })
}

class Caller implements ConnectReceiver {
  line: Transport | null = null
  readonly #heard: Heard
  readonly #done: () => void

  constructor(heard: Heard, done: () => void) {
    this.#heard = heard
    this.#done = done
  }

  onConnected(): void {
    const { said } = this.#heard
    this.line?.writeBytes(said, 0, said.length)
    this.line?.shutDown()
  }

  onBytes(bytes: Buffer): void {
    this.#heard.take(bytes)
  }

  onEnd(): void {
    this.#heard.hasEnded = true
  }

  onDrained(): void {}

  onClosed(): void {
    this.#done()
  }
}
