import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { Readable } from 'node:stream'
import { pack, type Pack } from 'tar-stream'
import { walk, type Found } from '#builder/slug/walk.ts'
import { readPlainFile } from './files.ts'
import { parseIgnore } from './ignore.ts'

/** The build context of a Dockerfile as a plain tar, without what `.dockerignore` names. */
export function packContext(directory: string, dockerfile: string, signal: AbortSignal): Readable {
  const tar = pack()
  fill(tar, directory, dockerfile, signal).catch((error: unknown) => tar.destroy(error as Error))
  return Readable.from(tar, { objectMode: false })
}

async function fill(
  tar: Pack,
  directory: string,
  dockerfile: string,
  signal: AbortSignal,
): Promise<void> {
  // Docker takes these whatever is ignored.
  const own = `${dockerfile}.dockerignore`
  const always = new Set([dockerfile, own, '.dockerignore'])
  const text =
    (await readPlainFile(join(directory, own), ignoreBytes)) ??
    (await readPlainFile(join(directory, '.dockerignore'), ignoreBytes))
  const isIgnored = parseIgnore(text ?? '')
  for await (const found of walk(directory)) {
    signal.throwIfAborted()
    if (always.has(found.path) || !isIgnored(found.path)) await addEntry(tar, found)
  }
  tar.finalize()
}

/** Adds a file, directory or link, owned by root and from no particular time. */
export async function addEntry(tar: Pack, found: Found, owner = 0): Promise<void> {
  const head = { name: found.path, mode: found.mode, mtime: epoch, uid: owner, gid: owner }
  if (found.kind === 'file') {
    const entry = tar.entry({ ...head, type: 'file', size: found.sizeBytes })
    await pipeline(createReadStream(found.at), entry)
  } else if (found.kind === 'link') {
    tar.entry({ ...head, type: 'symlink', linkname: found.target })
  } else {
    tar.entry({ ...head, type: 'directory' })
  }
}

const ignoreBytes = 1024 ** 2
const epoch = new Date(0)
