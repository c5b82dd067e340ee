import { rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { gitArgv, gitEnv, type Objects } from '#builder/git.ts'
import { ProgramError, run } from '#builder/process.ts'
import { badManifest } from './bad-manifest.ts'

const linesLimit = 1000
/** Seconds of CPU for fitting patterns: a few can be written so that they take years. */
const cpuSeconds = 20

/**
 * The tree without what its `.slugignore` names, in the grammar of `.gitignore`: nothing of it is
 * checked out or built, and a change of it alone builds nothing. `scratch` is a path to write beside.
 */
export async function treeWithout(
  objects: Objects,
  tree: string,
  ignore: string,
  scratch: string,
  signal: AbortSignal,
): Promise<string> {
  const lines = ignore.split(/\r?\n/).map((line) => line.trimEnd())
  if (lines.length > linesLimit) {
    throw badManifest(
      '.slugignore',
      `has more than ${linesLimit} lines`,
      'Use patterns such as docs/',
    )
  }
  const index = `${scratch}.index`
  const patterns = `${scratch}.patterns`
  const place = { objects, index, workTree: dirname(scratch) }
  const there = (...args: string[]): Promise<Buffer> => limited(place, args, '', signal)
  try {
    await writeFile(patterns, `${lines.join('\n')}\n`)
    await there('read-tree', tree)
    const fit = ['ls-files', '-z', '-c', '-i', `--exclude-from=${patterns}`]
    const out = await there(...fit).catch(endlessPattern)
    if (out.length === 0) return tree
    const remove = ['update-index', '-z', '--force-remove', '--stdin']
    await limited(place, remove, out, signal)
    return (await there('write-tree')).toString().trim()
  } finally {
    await rm(index, { force: true })
    await rm(patterns, { force: true })
  }
}

function endlessPattern(error: unknown): never {
  if (!(error instanceof ProgramError)) throw error
  const fix = 'Write fewer * in one pattern.'
  throw badManifest('.slugignore', 'cannot be fitted to the files of this app', fix)
}

interface IndexPlace {
  readonly objects: Objects
  readonly index: string
  /** Git wants one; nothing is read or written there. */
  readonly workTree: string
}

async function limited(
  { objects: { repository, quarantine }, index, workTree }: IndexPlace,
  args: readonly string[],
  input: string | Buffer,
  signal: AbortSignal,
): Promise<Buffer> {
  const argv = gitArgv([`--git-dir=${repository}`, `--work-tree=${workTree}`, ...args])
  const env = { ...gitEnv, ...quarantine, GIT_INDEX_FILE: index }
  const options = { env, input, maxBytes: 64 * 1024 ** 2 }
  return run(['prlimit', `--cpu=${cpuSeconds}`, '--', ...argv], options, signal)
}
