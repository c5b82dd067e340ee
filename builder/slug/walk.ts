import { lstat, readdir, readlink } from 'node:fs/promises'
import { join } from 'node:path'

/** A file, directory or link below a directory. */
export type Found = {
  /** Relative, with slashes. */
  readonly path: string
  /** Where it is on the host. */
  readonly at: string
  /** 0755 or 0644. */
  readonly mode: number
  readonly sizeBytes: number
} & (
  | { readonly kind: 'file' | 'directory' }
  | { readonly kind: 'link'; readonly target: string }
  /** An overlay's sign that what lies below is deleted. */
  | { readonly kind: 'whiteout' }
)

/** Everything below a directory, sorted by name; sockets and pipes are left out, links not followed. */
export async function* walk(root: string, below = ''): AsyncGenerator<Found> {
  const names = await readdir(join(root, below))
  for (const name of names.toSorted()) {
    const found = await look(root, below === '' ? name : `${below}/${name}`)
    if (found === null) continue
    yield found
    if (found.kind === 'directory') yield* walk(root, found.path)
  }
}

async function look(root: string, path: string): Promise<Found | null> {
  const at = join(root, path)
  const seen = await lstat(at)
  const mode = seen.isDirectory() || (seen.mode & 0o100) !== 0 ? 0o755 : 0o644
  const head = { path, at, mode, sizeBytes: 0 }
  if (seen.isFile()) return { ...head, kind: 'file', sizeBytes: seen.size }
  if (seen.isDirectory()) return { ...head, kind: 'directory' }
  if (seen.isSymbolicLink()) return { ...head, kind: 'link', target: await readlink(at) }
  if (seen.isCharacterDevice() && seen.rdev === 0) return { ...head, kind: 'whiteout' }
  return null
}
