import { streamGit, type Objects } from '#builder/git.ts'

/**
 * Reads objects by one `git cat-file --batch`; hands each over whole. Names that are not there, and
 * objects larger than `limitBytes`, throw.
 */
export async function readObjects(
  objects: Objects,
  names: readonly string[],
  limitBytes: number,
  signal: AbortSignal,
  onObject: (content: Buffer, index: number) => void,
): Promise<void> {
  if (names.length === 0) return
  const reader = new BatchReader(limitBytes, onObject)
  const options = { input: `${names.join('\n')}\n` }
  await streamGit(objects, ['cat-file', '--batch'], options, signal, (chunk) => reader.push(chunk))
}

/** Takes apart `<id> <type> <size>\n<content>\n`, over and over. */
class BatchReader {
  #chunks: Buffer[] = []
  #length = 0
  #needed = 0
  #index = 0
  readonly #limitBytes: number
  readonly #onObject: (content: Buffer, index: number) => void

  constructor(limitBytes: number, onObject: (content: Buffer, index: number) => void) {
    this.#limitBytes = limitBytes
    this.#onObject = onObject
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#length += chunk.length
    if (this.#length < this.#needed) return
    let bytes = Buffer.concat(this.#chunks)
    for (let taken = this.#take(bytes); taken > 0; taken = this.#take(bytes)) {
      bytes = bytes.subarray(taken)
    }
    this.#chunks = [bytes]
    this.#length = bytes.length
  }

  /** How many bytes the object at the front took; 0 when it is not all there. */
  #take(bytes: Buffer): number {
    this.#needed = 0
    const headEnd = bytes.indexOf(10)
    if (headEnd < 0) return 0
    const head = bytes.subarray(0, headEnd).toString('latin1')
    const sizeBytes = Number(/^[0-9a-f]+ \w+ (\d+)$/.exec(head)?.[1] ?? Number.NaN)
    if (!(sizeBytes <= this.#limitBytes)) throw new RangeError(`cannot take object: ${head}`)
    const end = headEnd + 1 + sizeBytes
    this.#needed = end + 1
    if (bytes.length < end + 1) return 0
    this.#onObject(bytes.subarray(headEnd + 1, end), this.#index)
    this.#index += 1
    return end + 1
  }
}
