import { chown, mkdir, writeFile } from 'node:fs/promises'
import { dirname, join, normalize } from 'node:path'
import { mountTmpfs } from './mounts.ts'
import { appUid } from './names.ts'

/** Room for the config of an app (64 KiB a value) many times over. */
const sizeBytes = 16 * 1024 ** 2

/**
 * A tmpfs of the host for secrets that only the sandbox's user (and root) can read, so they never touch
 * a disk, an argument list, an environment or the engine.
 */
export async function openSecrets(folder: string, signal: AbortSignal): Promise<void> {
  const options = `size=${sizeBytes},mode=0700,uid=${appUid},gid=${appUid}`
  await mountTmpfs(folder, `noexec,${options}`, signal)
}

/** Keys are file names, `env/DATABASE_URL` makes a folder. */
export async function writeSecrets(
  folder: string,
  secrets: Readonly<Record<string, string>>,
): Promise<void> {
  for (const [name, value] of Object.entries(secrets)) await write(folder, name, value)
}

async function write(folder: string, name: string, value: string): Promise<void> {
  const path = join(folder, inside(name))
  await makeFolder(folder, dirname(path))
  await writeFile(path, value, { mode: 0o400, flag: 'wx' })
  await chown(path, appUid, appUid)
}

async function makeFolder(top: string, folder: string): Promise<void> {
  if (folder === top) return
  await makeFolder(top, dirname(folder))
  await mkdir(folder, { mode: 0o700, recursive: true })
  await chown(folder, appUid, appUid)
}

function inside(name: string): string {
  const clean = normalize(name)
  if (clean === name && !clean.startsWith('/') && !clean.startsWith('..') && clean !== '.') {
    return clean
  }
  throw new TypeError(`"${name}" cannot be the file name of a secret.`)
}
