import { open, readFile } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { writeDurably } from '#lib/durable.ts'
import type { Kept } from './kept.ts'

/** One change of the list. */
type Line = { readonly put: Kept } | { readonly gone: string }

/** Lines that changed nothing in the end are borne until there are so many more than needed. */
const slack = 1000

/**
 * The list of certificates on the disk: a line of JSON for each change, so that one change among
 * 100,000 certificates costs one line. It is made short again when it is opened.
 */
export class IndexFile {
  readonly #path: string
  #file: FileHandle | null = null

  constructor(path: string) {
    this.#path = path
  }

  /** What the list comes to, oldest first. A line that a crash has torn is left out, and mended. */
  async read(mayMend: boolean): Promise<Kept[]> {
    const lines = (await readOrNothing(this.#path)).split('\n').filter((line) => line !== '')
    const kept = new Map<string, Kept>()
    let isWhole = true
    for (const text of lines) {
      const line = parseLine(text)
      isWhole &&= line !== null
      if (line !== null) apply(line, kept)
    }
    const isLong = lines.length > kept.size + slack
    if (mayMend && (!isWhole || isLong)) await this.#rewrite(kept.values())
    return [...kept.values()]
  }

  /** It is on the disk when this returns. */
  async append(changes: readonly Line[]): Promise<void> {
    if (changes.length === 0) return
    this.#file ??= await open(this.#path, 'a', 0o600)
    await this.#file.appendFile(textOf(changes))
    await this.#file.datasync()
  }

  async close(): Promise<void> {
    await this.#file?.close()
    this.#file = null
  }

  #rewrite(kept: Iterable<Kept>): Promise<void> {
    return writeDurably(this.#path, textOf([...kept].map((put) => ({ put }))))
  }
}

function apply(line: Line, kept: Map<string, Kept>): void {
  if ('gone' in line) {
    kept.delete(line.gone)
    return
  }
  kept.delete(line.put.id)
  kept.set(line.put.id, line.put)
}

function textOf(lines: readonly Line[]): string {
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('')
}

function parseLine(text: string): Line | null {
  try {
    return JSON.parse(text) as Line
  } catch {
    return null
  }
}

async function readOrNothing(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}
