import { chown, mkdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { git } from '#builder/git.ts'
import { run } from '#builder/process.ts'
import type { BuildRequest } from './request.ts'

/** User and group of everything an app is and does, in the stack's images. */
export const appUser = 10_001

/**
 * Writes the commit's files to `directory`, owned by the app's user. The tree must have been checked.
 * The repository's attributes see to it that files come as they were committed.
 */
export async function checkOutFiles(
  { objects, tree }: BuildRequest,
  directory: string,
  signal: AbortSignal,
): Promise<void> {
  await rm(directory, { recursive: true, force: true })
  await mkdir(directory, { recursive: true, mode: 0o755 })
  const index = `${directory}.index`
  const options = { env: { GIT_INDEX_FILE: index } }
  const there = `--work-tree=${directory}`
  await git(objects, [there, 'read-tree', tree], options, signal)
  await git(objects, [there, 'checkout-index', '--all', '--force', '--quiet'], options, signal)
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
async function giveToApp(directory: string, signal: AbortSignal): Promise<void> {
  if (process.getuid?.() !== 0) return
  await run(['chown', '-hR', `${appUser}:${appUser}`, directory], {}, signal)
}

/** Where the parts of one build lie. */
export function workplace(builds: string, id: string): { app: string; out: string; root: string } {
  const root = join(builds, id)
  return { root, app: join(root, 'app'), out: join(root, 'out') }
}
