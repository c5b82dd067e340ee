import { mkdir, rename, rm, utimes } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { git, gitArgv, gitEnv, withObjects } from '#builder/git.ts'
import { ProgramError, run } from '#builder/process.ts'
import { limited, packMemory } from '#builder/receive/service.ts'
import { workplace } from './checkout.ts'
import { isDirectory } from './files.ts'
import { FetchFailed, runFetch } from './pack-fetch.ts'
import type { BuildRequest, BuildTools } from './request.ts'

/** A commit of another repository, and where to fetch it. */
export interface Wanted {
  readonly commit: string
  readonly url: string
  /** Tells the fetches of one build apart. */
  readonly number: number
}

/** A folder of git objects with a commit and all it holds. */
export interface Stored {
  readonly folder: string
  readonly isNew: boolean
}

/**
 * The objects of a submodule, fetched unless the app has had that commit before: a commit's name is its
 * content, so nobody is asked again. Throws FetchFailed.
 */
export async function provideSubmodule(
  request: BuildRequest,
  tools: BuildTools,
  wanted: Wanted,
  signal: AbortSignal,
): Promise<Stored> {
  const folder = join(tools.places.submodules, request.checkout.app.id, wanted.commit)
  if (await touch(folder)) return { folder, isNew: false }
  const aside = join(workplace(tools.places.builds, request.id).root, `submodule-${wanted.number}`)
  try {
    await fetchInto(aside, request, tools, wanted, signal)
    await mkdir(dirname(folder), { recursive: true, mode: 0o755 })
    await rename(aside, folder).catch(async (error: unknown) => {
      // Another build was faster: it is the same.
      if (!(await isDirectory(folder))) throw error
    })
    return { folder, isNew: true }
  } finally {
    await rm(aside, { recursive: true, force: true })
  }
}

/** Collection leaves alone what was used lately. */
function touch(folder: string): Promise<boolean> {
  const now = new Date()
  return utimes(folder, now, now).then(
    () => true,
    () => false,
  )
}

async function fetchInto(
  folder: string,
  request: BuildRequest,
  tools: BuildTools,
  { commit, url, number }: Wanted,
  signal: AbortSignal,
): Promise<void> {
  const file = join(folder, `pack/pack-${commit}.pack`)
  await mkdir(dirname(file), { recursive: true, mode: 0o755 })
  const name = `slw-submodule-${request.id}-${number}`
  const { schemes } = tools.config.foreign
  const fetch = { name, words: ['submodule', url, commit], schemes, mounts: [], file }
  await runFetch(request, tools, fetch, signal)
  await index(file, request, tools, signal)
  // What the sandbox printed is this commit and whole, or it is nothing.
  const walk = ['rev-list', '--objects', '--no-walk', '--quiet', `${commit}^{commit}`]
  const objects = withObjects({ ...request.objects, quarantine: {} }, [folder])
  await git(objects, walk, {}, signal).catch(notInOrder)
}

/** With the checks and under the limits of a push. */
async function index(
  file: string,
  { objects }: BuildRequest,
  { limits }: BuildTools,
  signal: AbortSignal,
): Promise<void> {
  const argv = [`--git-dir=${objects.repository}`, 'index-pack', '--fsck-objects', file]
  const bounded = limited(gitArgv(argv, packMemory), limits)
  await run(bounded, { env: gitEnv }, signal).catch(notInOrder)
}

function notInOrder(error: unknown): never {
  if (!(error instanceof ProgramError)) throw error
  const [, words = ''] = /(?:fatal|error): (.{1,200})/.exec(error.message) ?? []
  throw new FetchFailed(`git does not take it: ${words}`, { cause: error })
}
