import { constants, lstat, open, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Reads a file that a stranger may have put there: null when it is missing or is no plain file (a link
 * is not followed, a pipe not waited for). Throws RangeError when it is larger than `limitBytes`.
 */
export async function readPlainFile(path: string, limitBytes: number): Promise<string | null> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
  const file = await open(path, flags).catch(() => null)
  if (file === null) return null
  try {
    const { size, isPlain } = await file.stat().then((s) => ({ size: s.size, isPlain: s.isFile() }))
    if (!isPlain) return null
    if (size > limitBytes) throw new RangeError(`${path} is larger than ${limitBytes} bytes`)
    return await file.readFile('utf8')
  } finally {
    await file.close()
  }
}

export async function isDirectory(path: string): Promise<boolean> {
  return lstat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
}

export async function isFile(path: string): Promise<boolean> {
  return lstat(path).then(
    (found) => found.isFile(),
    () => false,
  )
}

/**
 * Removes what a killed builder left, or nothing. A git that it left as well writes on for seconds, and
 * what it writes to is not empty at once.
 */
export function removeLeft(path: string): Promise<void> {
  return rm(path, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 })
}

/** Removes what is in a directory and leaves the directory. */
export async function emptyDirectory(path: string): Promise<void> {
  const names = await readdir(path).catch(() => [])
  for (const name of names) await removeLeft(join(path, name))
}
