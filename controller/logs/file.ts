import { appendFile, mkdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { restoreCommit, saveCommit } from './commit.ts'
import { moved, start } from './cursor.ts'
import type { Cursor } from './cursor.ts'
import { formatLine, isWanted } from './line.ts'
import type { Filter, LogLine } from './line.ts'

export interface FileOptions {
  /** Size at which `current.log` becomes `previous.log`. */
  readonly rotateBytes: number
  /** How long cursors may be behind the lines. */
  readonly commitMs: number
  /** The disk did not do as it should; lines that wait are lost. */
  readonly onError: (error: unknown) => void
}

const current = 'current.log'
const previous = 'previous.log'
/** Lines that may wait for the disk before whoever appends must wait too. */
const pendingLimit = 5000

/**
 * The log of one environment on the disk.
 *
 * Lines and cursors are not written at once, so a killed program leaves lines behind its last
 * commit. They are cut off when the file is opened, and read again from the engine: none is lost,
 * none is twice.
 */
export class LogFile {
  readonly #folder: string
  readonly #options: FileOptions
  readonly #readers = new Set<(line: string, number: number) => void>()
  readonly #cursors = new Map<string, Cursor>()
  #pending: string[] = []
  /** Lines taken so far. */
  #taken = 0
  /** The last of them that is on the disk, and the cursors as of that line. */
  #written: { upTo: number; sizeBytes: number; cursors: ReadonlyMap<string, Cursor> }
  #commitTimer: NodeJS.Timeout | undefined
  #turn: Promise<unknown>

  constructor(folder: string, options: FileOptions) {
    this.#folder = folder
    this.#options = options
    this.#written = { upTo: 0, sizeBytes: 0, cursors: new Map() }
    this.#turn = this.#open().catch(options.onError)
  }

  /** How far a copy has been read. */
  async cursor(copy: string): Promise<Cursor> {
    await this.#turn
    return this.#cursors.get(copy) ?? start
  }

  /** Takes a line; resolves when there is room for more. `copy`: whose cursor it moves. */
  async append(line: LogLine, copy?: string): Promise<void> {
    if (copy !== undefined) this.#cursors.set(copy, moved(this.#cursors.get(copy) ?? start, line))
    this.#take(line)
    if (this.#pending.length > pendingLimit) await this.#turn
  }

  /** Takes many at once, of no copy. */
  async appendAll(lines: readonly LogLine[]): Promise<void> {
    for (const line of lines) this.#take(line)
    if (this.#pending.length > pendingLimit) await this.#turn
  }

  /** Calls back for each line, numbered, from now on; the answer ends that. */
  subscribe(reader: (line: string, number: number) => void): () => void {
    this.#readers.add(reader)
    return () => void this.#readers.delete(reader)
  }

  /** The newest lines a filter lets through, and the number of the last one looked at. */
  read(count: number, filter: Filter): Promise<{ lines: string[]; upTo: number }> {
    return this.#inTurn(async () => {
      await this.#write()
      const { upTo } = this.#written
      const texts = await Promise.all([previous, current].map((name) => this.#text(name)))
      const lines = texts
        .join('')
        .split('\n')
        .filter((line) => isWanted(line, filter))
      return { lines: count === 0 ? [] : lines.slice(-count), upTo }
    })
  }

  /** Everything is on the disk, with its cursors. */
  commit(): Promise<void> {
    return this.#inTurn(() => this.#commit())
  }

  async close(): Promise<void> {
    clearTimeout(this.#commitTimer)
    await this.commit()
  }

  async remove(): Promise<void> {
    clearTimeout(this.#commitTimer)
    await this.#inTurn(() => rm(this.#folder, { recursive: true, force: true }))
  }

  #take(line: LogLine): void {
    const text = formatLine(line)
    this.#taken += 1
    this.#pending.push(text)
    if (this.#pending.length === 1) this.#inBackground(() => this.#write())
    for (const reader of this.#readers) reader(text, this.#taken)
    this.#commitSoon()
  }

  async #open(): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    const commit = await restoreCommit(this.#folder, current)
    this.#written = { ...commit, upTo: 0 }
    for (const [copy, cursor] of commit.cursors) this.#cursors.set(copy, cursor)
  }

  async #write(): Promise<void> {
    if (this.#pending.length === 0) return
    if (this.#written.sizeBytes > this.#options.rotateBytes) await this.#rotate()
    const bytes = Buffer.from(`${this.#pending.join('\n')}\n`)
    const sizeBytes = this.#written.sizeBytes + bytes.length
    const next = { upTo: this.#taken, sizeBytes, cursors: new Map(this.#cursors) }
    this.#pending = []
    await appendFile(join(this.#folder, current), bytes, { mode: 0o600 })
    this.#written = next
  }

  /** What is cut off later must not have been renamed: commit, rename, commit. */
  async #rotate(): Promise<void> {
    await saveCommit(this.#folder, this.#written)
    await rename(join(this.#folder, current), join(this.#folder, previous))
    this.#written = { ...this.#written, sizeBytes: 0 }
    await saveCommit(this.#folder, this.#written)
  }

  #commitSoon(): void {
    this.#commitTimer ??= setTimeout(() => {
      this.#commitTimer = undefined
      this.#inBackground(() => this.#commit())
    }, this.#options.commitMs)
  }

  async #commit(): Promise<void> {
    await this.#write()
    await saveCommit(this.#folder, this.#written)
  }

  async #text(name: string): Promise<string> {
    return readFile(join(this.#folder, name), 'utf8').catch(() => '')
  }

  #inBackground(work: () => Promise<void>): void {
    this.#inTurn(work).catch(this.#options.onError)
  }

  /** One thing at a time on the disk; an error is the caller's, and the next goes on. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(work)
    this.#turn = mine.catch(() => undefined)
    return mine
  }
}
