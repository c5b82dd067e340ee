import { createReadStream } from 'node:fs'
import { lstat, readdir, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { pack, type Pack } from 'tar-stream'
import { failure } from '#contract/error.ts'
import type { Cli } from './cli.ts'
import { filesOfRepository } from './git.ts'

/** The files of a folder as a tar: those git would take, or all but `.git` and `node_modules`. */
export async function packFolder(
  folder: string,
  { signal }: Pick<Cli, 'signal'>,
): Promise<Readable> {
  const found = await lstat(folder).catch(() => null)
  if (found?.isDirectory() !== true) {
    throw failure('FILE_UNREADABLE', { path: folder, reason: 'no such folder' })
  }
  const paths = (await filesOfRepository({ folder, signal })) ?? (await filesBelow(folder))
  const tar = pack()
  fill(tar, folder, paths).catch((error: unknown) => tar.destroy(error as Error))
  return Readable.from(tar, { objectMode: false })
}

async function fill(tar: Pack, folder: string, paths: readonly string[]): Promise<void> {
  for (const name of paths) {
    const at = join(folder, name)
    const found = await lstat(at).catch(() => null)
    // Git knows files that were deleted since.
    if (found === null) continue
    if (found.isSymbolicLink()) {
      tar.entry({ name, type: 'symlink', linkname: await readlink(at) })
    } else if (found.isFile()) {
      const mode = (found.mode & 0o100) === 0 ? 0o644 : 0o755
      await pipeline(createReadStream(at), tar.entry({ name, mode, size: found.size }))
    }
  }
  tar.finalize()
}

const leftOut = new Set(['.git', 'node_modules'])

async function filesBelow(folder: string, below = ''): Promise<string[]> {
  const entries = await readdir(join(folder, below), { withFileTypes: true })
  const found: string[] = []
  for (const entry of entries) {
    if (leftOut.has(entry.name)) continue
    const path = below === '' ? entry.name : `${below}/${entry.name}`
    if (entry.isDirectory()) found.push(...(await filesBelow(folder, path)))
    else found.push(path)
  }
  return found
}
