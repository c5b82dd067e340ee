import { open, stat } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import type { Log } from '#lib/log.ts'
import type { Entry } from '#router/proxy/entry.ts'
import { jsonLine, Line } from './line.ts'

/** Text that may wait for the disk; beyond it lines are dropped, and counted. */
const limitChars = 8 * 1024 ** 2

/**
 * A file of JSON lines, one for each request. Writes are put together; whoever rotates it renames
 * it, and a new one is opened within a second, or at once by `reopen`.
 */
export class AccessFile {
  readonly #path: string
  readonly #log: Log
  readonly #line = new Line()
  #pending: string[] = []
  #pendingChars = 0
  #file: FileHandle | null = null
  #writing: Promise<void> | null = null
  #isStale = false
  #hasFailed = false
  dropped = 0

  constructor(path: string, log: Log) {
    this.#path = path
    this.#log = log
  }

  take(entry: Entry): void {
    if (this.#pendingChars > limitChars) {
      this.dropped += 1
      return
    }
    this.#line.take(entry)
    const text = jsonLine(this.#line)
    this.#pending.push(text)
    this.#pendingChars += text.length + 1
  }

  /** The file of that name is another from now on. */
  reopen(): void {
    this.#isStale = true
  }

  /** Writes what waits, unless that goes on already. */
  flush(): Promise<void> {
    this.#writing ??= this.#write()
      .then(
        () => (this.#hasFailed = false),
        (error: unknown) => this.#fail(error),
      )
      .then(() => undefined)
      .finally(() => (this.#writing = null))
    return this.#writing
  }

  async close(): Promise<void> {
    await this.#writing
    await this.flush()
    await this.#file?.close().catch(() => undefined)
    this.#file = null
  }

  async #write(): Promise<void> {
    if (this.#file === null && this.#pending.length === 0) return
    await this.#openIfNeeded()
    if (this.#pending.length === 0) return
    const lines = this.#pending
    this.#pending = []
    this.#pendingChars = 0
    try {
      await this.#file?.appendFile(`${lines.join('\n')}\n`)
    } catch (error) {
      this.dropped += lines.length
      throw error
    }
  }

  async #openIfNeeded(): Promise<void> {
    if (this.#file !== null && !this.#isStale && (await this.#isInPlace(this.#file))) return
    this.#isStale = false
    const old = this.#file
    this.#file = await open(this.#path, 'a', 0o600)
    await old?.close()
  }

  async #isInPlace(file: FileHandle): Promise<boolean> {
    const [mine, named] = await Promise.all([file.stat(), stat(this.#path).catch(() => null)])
    return named !== null && named.ino === mine.ino && named.dev === mine.dev
  }

  /** Said once: a disk that is full stays so for a while. */
  #fail(error: unknown): void {
    if (!this.#hasFailed) this.#log.error('access_log.not_written', error, { path: this.#path })
    this.#hasFailed = true
  }
}
