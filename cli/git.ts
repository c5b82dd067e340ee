import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Cli } from './cli.ts'

type Place = Pick<Cli, 'folder' | 'signal'>

const git = promisify(execFile)

/**
 * Runs the user's own git, which knows worktrees, submodules and includes; what it printed, or
 * undefined when it failed (no repository, no such remote, no git).
 */
async function ask(place: Place, ...args: string[]): Promise<string | undefined> {
  const { folder, signal } = place
  try {
    return (await git('git', args, { cwd: folder, signal, timeout: 10_000 })).stdout.trim()
  } catch {
    signal.throwIfAborted()
    return undefined
  }
}

export async function isRepository(place: Place): Promise<boolean> {
  return (await ask(place, 'rev-parse', '--git-dir')) !== undefined
}

/** Where a remote points; undefined when there is none of that name, or no repository. */
export async function remoteUrl(remote: string, place: Place): Promise<string | undefined> {
  return ask(place, 'config', '--get', `remote.${remote}.url`)
}

/** True when it was added. */
export async function addRemote(remote: string, url: string, place: Place): Promise<boolean> {
  return (await ask(place, 'remote', 'add', '--', remote, url)) !== undefined
}

/** False once the app is destroyed and nothing is there to remove. */
export async function removeRemote(remote: string, place: Place): Promise<boolean> {
  return (await ask(place, 'remote', 'remove', '--', remote)) !== undefined
}

/** What to push: `main` or `master` when that is the branch here, else `HEAD:main`. */
export async function branchToPush(place: Place): Promise<string> {
  const branch = await ask(place, 'symbolic-ref', '--short', 'HEAD')
  if (branch === undefined || branch === 'main' || branch === 'master') return branch ?? 'main'
  return 'HEAD:main'
}

/** What git would take of a folder: tracked and new files, without ignored ones; undefined: no repository. */
export async function filesOfRepository(place: Place): Promise<string[] | undefined> {
  const { folder, signal } = place
  const args = ['ls-files', '--cached', '--others', '--exclude-standard', '-z']
  try {
    const options = { cwd: folder, signal, maxBuffer: 256 * 1024 ** 2 }
    const { stdout } = await git('git', args, options)
    return [...new Set(stdout.split('\0').filter((path) => path !== ''))]
  } catch {
    signal.throwIfAborted()
    return undefined
  }
}
