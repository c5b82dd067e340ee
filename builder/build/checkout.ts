import { lchownSync, readdirSync } from 'node:fs'
import { chown, mkdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { git } from '#builder/git.ts'
import { run } from '#builder/process.ts'
import type { BuildRequest } from './request.ts'

/** User and group of everything an app is and does, in the stack's images. */
export const appUser = 10_001

/**
 * Writes the commit's files to `directory`, owned by the app's user; of `paths` (latin1) only, when they
 * are given. The tree must have been checked. The repository's attributes see to it that files come as
 * they were committed.
 */
export async function checkOutFiles(
  { objects, tree }: Pick<BuildRequest, 'objects' | 'tree'>,
  directory: string,
  signal: AbortSignal,
  paths: readonly string[] | null = null,
): Promise<void> {
  await rm(directory, { recursive: true, force: true })
  await mkdir(directory, { recursive: true, mode: 0o755 })
  const index = `${directory}.index`
  const env = { GIT_INDEX_FILE: index }
  const there = `--work-tree=${directory}`
  if (paths === null) {
    await git(objects, [there, 'read-tree', '--reset', '-u', tree], { env }, signal)
  } else {
    const input = Buffer.from(paths.map((path) => `${path}\0`).join(''), 'latin1')
    const write = [there, 'checkout-index', '--force', '--quiet', '-z', '--stdin']
    await git(objects, [there, 'read-tree', tree], { env }, signal)
    await git(objects, write, { env, input }, signal)
  }
  await rm(index, { force: true })
  await giveToApp(directory, signal)
}

/** Makes a directory that the app's user can write to; what is in one that is there stays as it is. */
export async function makeForApp(directory: string): Promise<string> {
  await mkdir(directory, { recursive: true, mode: 0o755 })
  const { uid } = await stat(directory)
  if (uid !== appUser && process.getuid?.() === 0) await chown(directory, appUser, appUser)
  return directory
}

/** Only root can, and only root has to: without it the builder is a developer trying things out. */
export async function giveToApp(directory: string, signal: AbortSignal): Promise<void> {
  if (process.getuid?.() !== 0 || giveFew(directory)) return
  await run(['chown', '-hR', `${appUser}:${appUser}`, directory], {}, signal)
}

/** So few are given sooner than a program is started that does it. */
const fewEntries = 500

/** Whether there were but few, which are the app's now. */
function giveFew(directory: string): boolean {
  const found: { readonly path: string; readonly isFolder: boolean }[] = [
    { path: directory, isFolder: true },
  ]
  for (const { path, isFolder } of found) {
    if (!isFolder) continue
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      found.push({ path: join(path, entry.name), isFolder: entry.isDirectory() })
    }
    if (found.length > fewEntries) return false
  }
  for (const { path } of found) lchownSync(path, appUser, appUser)
  return true
}

/** Where the parts of one build lie. */
export function workplace(builds: string, id: string): { app: string; out: string; root: string } {
  const root = join(builds, id)
  return { root, app: join(root, 'app'), out: join(root, 'out') }
}
