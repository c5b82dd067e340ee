import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { gitArgv, gitEnv } from '#builder/git.ts'
import type { Places } from '#builder/places.ts'
import { run } from '#builder/process.ts'
import type { Log } from '#lib/log.ts'

/** When a repository is worth packing anew, and what that may take. */
const settings = {
  'gc.auto': '1000',
  'gc.autoPackLimit': '20',
  'gc.autoDetach': 'false',
  'gc.pruneExpire': '2.days.ago',
  'pack.threads': '1',
  'pack.windowMemory': '128m',
  'core.packedGitLimit': '512m',
  'core.packedGitWindowSize': '32m',
  'core.deltaBaseCacheLimit': '64m',
}
const limits = ['--as=3221225472', '--cpu=900', '--core=0']
const timeMs = 20 * 60_000

/**
 * Packs the repositories that need it, one at a time, behind everything else and within limits. Git
 * itself judges the need; a push may go on meanwhile.
 */
export async function maintain({ repos }: Places, log: Log, signal: AbortSignal): Promise<void> {
  for (const name of await readdir(repos)) {
    if (!name.endsWith('.git')) continue
    const git = gitArgv([`--git-dir=${join(repos, name)}`, 'gc', '--auto', '--quiet'], settings)
    const argv = ['nice', '-n', '19', 'prlimit', ...limits, '--', ...git]
    const limited = AbortSignal.any([signal, AbortSignal.timeout(timeMs)])
    await run(argv, { env: gitEnv }, limited).catch((error: unknown) => {
      signal.throwIfAborted()
      log.warn('repository.not_packed', { name, reason: String(error) })
    })
  }
}
