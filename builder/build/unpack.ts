import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { extract, type Extract, type Header } from 'tar-stream'
import { staysInside } from '#builder/receive/links.ts'
import { nameText } from '#builder/receive/name.ts'
import { sizeText } from '#builder/units.ts'

export interface UnpackLimits {
  readonly entries: number
  /** Of all files together, unpacked. */
  readonly totalBytes: number
}

/** What is wrong with an archive, as the second half of a sentence. */
export class BadArchive extends Error {
  override readonly name = 'BadArchive'
}

const depthLimit = 60
const pathLimitBytes = 1024

/**
 * Unpacks a tar, gzipped or not, that a stranger made into a directory that is empty and ours alone.
 *
 * Files, directories and links that stay inside; all else ends it: names that lead out, a name below a
 * link, devices, hard links, set-id bits, the same name twice, one entry or byte too many. Modes
 * become 0755 or 0644. Throws BadArchive.
 */
export async function unpack(
  archive: string,
  directory: string,
  limits: UnpackLimits,
  signal: AbortSignal,
): Promise<void> {
  const tar = extract()
  const source = await opened(archive)
  const read = pipeline([...source, tar], { signal })
  // The loop below ends with the same error; this one is only not to be forgotten.
  read.catch(() => undefined)
  const into = new Unpacking(directory, limits)
  try {
    for await (const entry of tar) await into.add(entry)
    await read
  } catch (error) {
    if (signal.aborted) throw signal.reason
    throw error instanceof BadArchive ? error : new BadArchive(`it is damaged (${reason(error)})`)
  }
}

type Source = readonly (Readable | ReturnType<typeof createGunzip>)[]

async function opened(archive: string): Promise<Source> {
  const head = createReadStream(archive, { end: 1 })
  const [magic] = (await head.toArray()) as Buffer[]
  const file = createReadStream(archive)
  return magic?.[0] === 0x1f && magic[1] === 0x8b ? [file, createGunzip()] : [file]
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message.toLowerCase() : String(error)
}

/** One entry as it comes, which must be read before the next. */
type Entry = Extract extends AsyncIterable<infer E> ? E : never

type Kind = 'file' | 'directory' | 'link'

/** Knows what it has made, so that nothing is ever written through a link. */
class Unpacking {
  readonly #root: string
  readonly #limits: UnpackLimits
  readonly #made = new Map<string, Kind>()
  #entries = 0
  #bytes = 0

  constructor(root: string, limits: UnpackLimits) {
    this.#root = root
    this.#limits = limits
  }

  async add(entry: Entry): Promise<void> {
    const { header } = entry
    this.#count(header)
    const path = pathOf(header.name)
    const name = nameText(path)
    if (header.type === 'directory') {
      await this.#directory(path)
      entry.resume()
    } else if (path === '' || this.#made.has(path)) {
      throw new BadArchive(`${name} is in it twice`)
    } else if (header.type === 'symlink') {
      await this.#link(path, header.linkname)
      entry.resume()
    } else if (header.type === 'file' || header.type === 'contiguous-file') {
      if ((header.mode & 0o6000) !== 0) throw new BadArchive(`${name} is a set-id program`)
      await this.#file(path, header, entry)
    } else {
      throw new BadArchive(`${name} is a ${header.type.replaceAll('-', ' ')}`)
    }
  }

  #count({ size }: Header): void {
    this.#entries += 1
    this.#bytes += size
    const { entries, totalBytes } = this.#limits
    if (this.#entries > entries) throw new BadArchive(`it has more than ${entries} files`)
    if (this.#bytes > totalBytes) throw new BadArchive(`it is larger than ${sizeText(totalBytes)}`)
  }

  async #directory(path: string): Promise<void> {
    if (path === '') return
    const known = this.#made.get(path)
    if (known === 'directory') return
    if (known !== undefined) throw new BadArchive(`${nameText(path)} is no directory`)
    await this.#directory(parentOf(path))
    await mkdir(join(this.#root, path), { mode: 0o755 })
    this.#made.set(path, 'directory')
  }

  async #link(path: string, target: string): Promise<void> {
    if (!staysInside(path, target))
      throw new BadArchive(`the link ${nameText(path)} leads out of it`)
    await this.#directory(parentOf(path))
    await symlink(target, join(this.#root, path))
    this.#made.set(path, 'link')
  }

  async #file(path: string, { mode }: Header, entry: Entry): Promise<void> {
    await this.#directory(parentOf(path))
    const options = { flags: 'wx', mode: (mode & 0o111) === 0 ? 0o644 : 0o755 }
    await pipeline(entry, createWriteStream(join(this.#root, path), options))
    this.#made.set(path, 'file')
  }
}

function parentOf(path: string): string {
  const parent = dirname(path)
  return parent === '.' ? '' : parent
}

/** `./bin/detect` is `bin/detect`, `.` is empty. Throws BadArchive for a name that leads out. */
function pathOf(name: string): string {
  const parts = name.split('/').filter((part) => part !== '' && part !== '.')
  const isWrong = name.startsWith('/') || name.includes('\0') || parts.includes('..')
  if (isWrong) throw new BadArchive(`the name ${nameText(name)} leads out of it`)
  const path = parts.join('/')
  if (parts.length > depthLimit) throw new BadArchive(`${nameText(path)} is too deep`)
  if (Buffer.byteLength(path) > pathLimitBytes) throw new BadArchive('a name in it is too long')
  return path
}
