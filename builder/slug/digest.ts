import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { walk, type Found } from './walk.ts'

/** What a directory holds, whoever owns it and whenever it was written. */
export interface Content {
  /** 64 hex digits. */
  readonly digest: string
  readonly sizeBytes: number
}

const atOnce = 16
const smallBytes = 1024 ** 2

/** The normalised digest of a directory; `base` is mixed in (the layers below it). */
export async function contentOf(
  directory: string,
  base: string,
  signal: AbortSignal,
): Promise<Content> {
  const hash = createHash('sha256').update(`slug 1\0${base}\0`)
  let sizeBytes = 0
  for await (const batch of batches(walk(directory), atOnce)) {
    signal.throwIfAborted()
    for (const line of await Promise.all(batch.map(lineOf))) hash.update(line)
    for (const found of batch) sizeBytes += found.sizeBytes
  }
  return { digest: hash.digest('hex'), sizeBytes }
}

async function lineOf(found: Found): Promise<string> {
  const content = found.kind === 'file' ? await digestOf(found) : ''
  const target = found.kind === 'link' ? found.target : ''
  return `${found.kind} ${found.mode.toString(8)} ${found.path}\0${target}\0${content}\0`
}

async function digestOf({ at, sizeBytes }: Found): Promise<string> {
  const hash = createHash('sha256')
  if (sizeBytes <= smallBytes) return hash.update(await readFile(at)).digest('hex')
  for await (const chunk of createReadStream(at)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

async function* batches<T>(source: AsyncIterable<T>, size: number): AsyncGenerator<T[]> {
  let batch: T[] = []
  for await (const item of source) {
    batch.push(item)
    if (batch.length === size) {
      yield batch
      batch = []
    }
  }
  if (batch.length > 0) yield batch
}
