import { mkdir, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { RouteTable } from '#contract/route.ts'
import { writeDurably } from '#lib/durable.ts'

/** The last good table as a file, so that a restarted router serves before it has spoken to anyone. */
export class TableFile {
  readonly #path: string
  #written = 0
  #last: Promise<void> = Promise.resolve()

  constructor(path: string) {
    this.#path = path
  }

  /** Null when there is none yet. Throws when there is one that cannot be read. */
  async read(parse: (value: unknown) => RouteTable): Promise<RouteTable | null> {
    try {
      return parse(JSON.parse(await readFile(this.#path, 'utf8')))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
      throw error
    }
  }

  /** One write at a time; an older table never follows a newer one. */
  write(table: RouteTable): Promise<void> {
    const write = async (): Promise<void> => {
      if (table.number <= this.#written) return
      await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 })
      await writeDurably(this.#path, JSON.stringify(table))
      this.#written = table.number
    }
    this.#last = this.#last.then(write, write)
    return this.#last
  }
}
