import { access, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { git, gitArgv, gitEnv } from '#builder/git.ts'
import { run } from '#builder/process.ts'

/**
 * Overrides every `.gitattributes` of a push, so that a checkout has the bytes that were committed: no
 * line-end conversion, no keyword expansion, no filters.
 */
const attributes = '* -text !eol -ident -filter -working-tree-encoding\n'

/** The bare repository of an app, made when it is not there. */
export async function openRepository(
  repos: string,
  appId: string,
  signal: AbortSignal,
): Promise<string> {
  const path = join(repos, `${appId}.git`)
  if (await exists(path)) return path
  const aside = `${path}.${process.pid}.${performance.now()}`
  const init = ['init', '--quiet', '--bare', '--template=', '--initial-branch=main', aside]
  await run(gitArgv(init), { env: gitEnv }, signal)
  await mkdir(join(aside, 'info'), { recursive: true })
  await writeFile(join(aside, 'info/attributes'), attributes)
  // Whoever comes second finds the first one's and drops his own.
  await rename(aside, path).catch(() => rm(aside, { recursive: true, force: true }))
  return path
}

/** Lets a clone begin on `branch` when there is no `main` to begin on. */
export async function pointHead(
  repository: string,
  branch: string,
  signal: AbortSignal,
): Promise<void> {
  const objects = { repository, quarantine: {} }
  const main = await git(objects, ['for-each-ref', 'refs/heads/main'], {}, signal)
  if (main.length > 0) return
  await git(objects, ['symbolic-ref', 'HEAD', `refs/heads/${branch}`], {}, signal)
}

/** Removes what a killed receive left in the repositories: half-made ones and quarantines. */
export async function sweepRepositories(repos: string): Promise<void> {
  for (const name of await readdir(repos)) {
    if (!name.endsWith('.git')) await remove(join(repos, name))
    else await sweepObjects(join(repos, name, 'objects'))
  }
}

async function sweepObjects(objects: string): Promise<void> {
  for (const name of await readdir(objects).catch(() => [])) {
    if (name.startsWith('tmp_objdir-')) await remove(join(objects, name))
  }
}

function remove(path: string): Promise<void> {
  return rm(path, { recursive: true, force: true })
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
