import { createReadStream } from 'node:fs'
import { mkdir, open, rename } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { TableChange } from '#contract/route.ts'
import { syncDirectory } from '#lib/durable.ts'
import { frugally } from './frugal.ts'
import { readLine } from './line.ts'
import type { Routes } from './routes.ts'

/** Entries to a line: what one takes to make is never felt by a request. */
const partSize = 200
/** Changes take at least so much room before the table is written whole again. */
const slackBytes = 1024 ** 2

/** How reading went: there was no file, all of it was read, or a part at its end could not be. */
export type Restored = 'none' | 'whole' | 'torn'

/**
 * The last table as a file, so that a restarted router serves before it has spoken to anyone: lines
 * of JSON, first the table, then each change that followed. When the changes have outgrown the
 * table, it is written anew beside the old one, which goes on taking changes meanwhile.
 */
export class TableFile {
  readonly #path: string
  /** Takes changes, once there were any. */
  #file: FileHandle | null = null
  /** The file is whole, and has the table that changes follow; if not, all of it is written. */
  #takesChanges = false
  #isClosed = false
  #wholeBytes = 0
  #changedBytes = 0
  /** Lines that came since the table is being written anew. */
  #since: string[] | null = null
  #rewriting: Promise<void> | null = null
  #last: Promise<void> = Promise.resolve()

  constructor(path: string) {
    this.#path = path
  }

  /** Reads the table into `routes`, as far as it can be understood. */
  async restore(routes: Routes): Promise<Restored> {
    try {
      this.#takesChanges = await frugally(() => this.#read(routes))
      return this.#takesChanges ? 'whole' : 'torn'
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'none'
      throw error
    }
  }

  /** Writes the whole table that is in force. */
  async replace(routes: Routes): Promise<void> {
    if (this.#isClosed) return
    while (this.#rewriting !== null) await this.#rewriting.catch(() => undefined)
    await this.#rewrite(routes)
  }

  /** Writes a change that was just made to `routes`. */
  async append(change: TableChange, routes: Routes): Promise<void> {
    if (this.#isClosed) return
    const line = `${JSON.stringify(change)}\n`
    this.#since?.push(line)
    if (this.#takesChanges) await this.#inTurn(() => this.#write(line))
    else await (this.#rewriting ?? this.#rewrite(routes))
    const mayGrowTo = Math.max(slackBytes, this.#wholeBytes)
    if (this.#changedBytes <= mayGrowTo || this.#rewriting !== null) return
    // Nobody waits for that; if it cannot be, the old file goes on, and the next change tries again.
    void this.#rewrite(routes).catch(() => undefined)
  }

  /** Ends what is being written, and writes no more: the file may be another process's now. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#rewriting?.catch(() => undefined)
    await this.#inTurn(() => this.#leave())
  }

  async #read(routes: Routes): Promise<boolean> {
    let rest = ''
    for await (const chunk of createReadStream(this.#path, 'utf8') as AsyncIterable<string>) {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        if (!readLine(line, routes)) return false
        this.#count(line)
      }
    }
    // A table of before there were changes has one line, without an end.
    if (rest !== '') readLine(rest, routes)
    return rest === ''
  }

  #count(line: string): void {
    if (line.startsWith('{"after"')) this.#changedBytes += line.length
    else this.#wholeBytes += line.length
  }

  /** A line that is only half written must stay the last one. */
  async #write(line: string): Promise<void> {
    try {
      this.#file ??= await open(this.#path, 'a', 0o600)
      await this.#file.appendFile(line)
      await this.#file.datasync()
      this.#changedBytes += line.length
    } catch (error) {
      this.#takesChanges = false
      await this.#leave()
      throw error
    }
  }

  async #leave(): Promise<void> {
    const file = this.#file
    this.#file = null
    await file?.close()
  }

  #rewrite(routes: Routes): Promise<void> {
    const since: string[] = []
    this.#since = since
    this.#rewriting = this.#writeWhole(routes, since).finally(() => {
      this.#rewriting = null
      if (this.#since === since) this.#since = null
    })
    return this.#rewriting
  }

  async #writeWhole(routes: Routes, since: string[]): Promise<void> {
    const head = JSON.stringify({ number: routes.number, sites: [], rules: [] })
    const parts = routes.parts(partSize)
    const aside = `${this.#path}.new`
    await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 })
    const file = await open(aside, 'w', 0o600)
    try {
      let size = (await file.write(`${head}\n`)).bytesWritten
      for (const part of parts) size += (await file.write(`${JSON.stringify(part)}\n`)).bytesWritten
      await this.#inTurn(() => this.#takeOver(file, aside, since))
      this.#wholeBytes = size
    } catch (error) {
      await file.close()
      throw error
    }
  }

  /** The new file takes the place of the old one, with all that the old one has. */
  async #takeOver(file: FileHandle, aside: string, since: string[]): Promise<void> {
    await writeAll(file, since)
    await file.sync()
    await rename(aside, this.#path)
    await syncDirectory(dirname(this.#path))
    await this.#leave()
    await writeAll(file, since)
    this.#file = file
    this.#takesChanges = true
    this.#since = null
    this.#changedBytes = 0
  }

  async #inTurn(work: () => Promise<void>): Promise<void> {
    const mine = this.#last.then(work)
    this.#last = mine.catch(() => undefined)
    await mine
  }
}

async function writeAll(file: FileHandle, lines: string[]): Promise<void> {
  while (lines.length > 0) await file.appendFile(lines.splice(0).join(''))
  await file.datasync()
}
