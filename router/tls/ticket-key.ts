import { randomBytes } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { writeDurably } from '#lib/durable.ts'
import type { Log } from '#lib/log.ts'

/** What Node takes: a name, and a key each to sign and to seal. */
const keyBytes = 48
const lifeMs = 12 * 3_600_000
const lookMs = 60_000

export interface TicketKeyOptions {
  readonly path: string
  /** Makes a new key when the old one has lived; else waits for somebody who does. */
  readonly isKeeper: boolean
  readonly log: Log
  readonly now?: () => number
}

/**
 * The key that session tickets are sealed with. It lies in a file, so that a session is resumed by
 * another worker and after a restart, and it is replaced every 12 hours: whoever gets it later reads
 * nothing older. A ticket of the key before costs its client one full handshake.
 */
export class TicketKey {
  readonly #options: TicketKeyOptions
  readonly #listeners: ((key: Buffer) => void)[] = []
  #key: Buffer = randomBytes(keyBytes)
  #timer: NodeJS.Timeout | undefined

  constructor(options: TicketKeyOptions) {
    this.#options = options
  }

  async open(): Promise<void> {
    await this.look()
    this.#timer = setInterval(() => void this.look(), lookMs).unref()
  }

  get current(): Buffer {
    return this.#key
  }

  onChange(listener: (key: Buffer) => void): void {
    this.#listeners.push(listener)
  }

  close(): void {
    clearInterval(this.#timer)
  }

  /** Without a file that can be read or written, the key in memory is good enough. */
  async look(): Promise<void> {
    const { path, isKeeper, log } = this.#options
    try {
      const found = await readKey(path)
      if (found !== null && (!isKeeper || !this.#isOld(found.madeAtMs)))
        return this.#take(found.key)
      if (!isKeeper) return
      const key = randomBytes(keyBytes)
      await writeDurably(path, key)
      this.#take(key)
    } catch (error) {
      log.error('tls.ticket_key_failed', error)
    }
  }

  #isOld(madeAtMs: number): boolean {
    return (this.#options.now ?? Date.now)() - madeAtMs >= lifeMs
  }

  #take(key: Buffer): void {
    if (key.equals(this.#key)) return
    this.#key = key
    for (const listener of this.#listeners) listener(key)
  }
}

/** Null when there is none, or it is not one. */
async function readKey(path: string): Promise<{ key: Buffer; madeAtMs: number } | null> {
  try {
    const key = await readFile(path)
    return key.length === keyBytes ? { key, madeAtMs: (await stat(path)).mtimeMs } : null
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}
