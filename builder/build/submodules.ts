import { readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { git, withObjects, type Objects } from '#builder/git.ts'
import { checkTree, treeShape } from '#builder/receive/tree.ts'
import { workplace } from './checkout.ts'
import { Gathering, type Found } from './gathering.ts'
import type { BuildPlan } from './plan.ts'
import type { BuildRequest, BuildTools } from './request.ts'
import { treeWithout } from './slugignore.ts'
import { listTree, type TreeFile, type TreeListing } from './tree-list.ts'
import type { Voice } from './voice.ts'

/** What is really built, and the files of it. */
export interface Whole {
  readonly request: BuildRequest
  readonly files: readonly TreeFile[]
}

/**
 * Fetches the submodules of what is built, and theirs, and puts their files into its tree: whatever comes
 * after sees one tree, checked like any. Throws Refused with the path of one that cannot be had.
 */
export async function withSubmodules(
  plan: BuildPlan,
  { files, submodules }: TreeListing,
  tools: BuildTools,
  voice: Voice,
  signal: AbortSignal,
): Promise<Whole> {
  const { request, ignore } = plan
  if (submodules.length === 0) return { request, files }
  voice.step('Fetching submodules')
  const gathering = new Gathering(request, tools, voice)
  const root = request.checkout.build?.root ?? ''
  const top = { commit: request.commit, url: null, at: '', root: root === '' ? '' : `${root}/` }
  await gathering.fetchAll(submodules, top, 1, signal)
  const objects = withObjects(request.objects, await foldersOf(gathering, request, tools))
  const scratch = join(workplace(tools.places.builds, request.id).root, 'whole')
  const joined = await joinTrees(objects, request.tree, gathering.found, scratch, signal)
  const tree = ignore === '' ? joined : await treeWithout(objects, joined, ignore, scratch, signal)
  const limits = { ...treeShape, submodules: 0, totalBytes: tools.limits.treeBytes }
  await checkTree(objects, tree, limits, signal)
  const listing = await listTree(objects, tree, signal)
  return { request: { ...request, objects, tree }, files: listing.files }
}

/** More of them help to compare with what was built before; a variable has room for so many. */
const mostFolders = 300

async function foldersOf(
  { folders }: Gathering,
  { checkout }: BuildRequest,
  { places }: BuildTools,
): Promise<string[]> {
  const home = join(places.submodules, checkout.app.id)
  const names = (await readdir(home).catch(() => [])).filter((name) => /^[0-9a-f]{40}$/.test(name))
  const all = new Set([...folders, ...names.map((name) => join(home, name))])
  return [...all].slice(0, mostFolders)
}

/** The tree with each commit's files in its place. */
async function joinTrees(
  objects: Objects,
  tree: string,
  found: readonly Found[],
  scratch: string,
  signal: AbortSignal,
): Promise<string> {
  const env = { GIT_INDEX_FILE: `${scratch}.index` }
  // Git wants a work tree; nothing is read or written there.
  const there = (args: readonly string[], input = ''): Promise<Buffer> =>
    git(objects, [`--work-tree=${dirname(scratch)}`, ...args], { env, input }, signal)
  await there(['read-tree', tree])
  for (const { path, commit } of found) {
    await there(['update-index', '-z', '--force-remove', '--stdin'], `${path}\0`)
    if (commit !== null) await there(['read-tree', `--prefix=${path}/`, commit])
  }
  return (await there(['write-tree'])).toString().trim()
}
