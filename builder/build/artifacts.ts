import { readFile, utimes } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { BuildInputs } from '#contract/build.ts'
import type { BuiltSlug } from '#contract/push.ts'
import { writeDurably } from '#lib/durable.ts'
import type { ChosenPack } from './choice.ts'
import { digestOf } from './packs.ts'
import { isDirectory } from './files.ts'
import { keyOf } from './key.ts'
import type { BuildPlan } from './plan.ts'
import type { BuildTools } from './request.ts'
import { stackDigest } from './stack.ts'
import { readTreeFiles } from './tree-files.ts'

/**
 * Everything a build depends on: two pushes with the same key build the same thing, so the second is
 * not built. Config belongs to it, since a build may read it.
 */
export async function inputsOf(
  planned: BuildPlan,
  chosen: readonly ChosenPack[] | null,
  { config, workshop }: BuildTools,
  signal: AbortSignal,
): Promise<BuildInputs> {
  const { request, how, postdeploy } = planned
  const stack = await stackDigest(request, { workshop }, signal)
  const packs = await digestOf(config.buildpacks)
  const { app, config: appConfig } = request.checkout
  const foreign = (chosen ?? []).map(({ label, digest }) => `${label} ${digest}`)
  // The choice itself is not part of it: its packs are.
  const way = how.kind === 'dockerfile' ? how : { kind: how.kind, types: how.processTypes }
  const modules = await modulesBeside(planned, signal)
  const plan = JSON.stringify([way, postdeploy, chosen === null, foreign, modules])
  const ofChosen = (chosen ?? []).map(({ label: name, digest }) => ({ name, digest }))
  const isDocker = how.kind === 'dockerfile'
  return {
    key: keyOf(['2', app.id, request.tree, stack, packs, config.env, appConfig, plan]),
    tree: request.tree,
    stack: { name: request.checkout.stack, digest: stack },
    builder: isDocker ? 'dockerfile' : 'buildpacks',
    buildpacks: isDocker ? [] : [{ name: 'slipway', digest: `sha256:${packs}` }, ...ofChosen],
    config_keys: Object.keys(appConfig).toSorted(),
    settings: Object.keys(config.env).toSorted(),
  }
}

/** Which submodules are built, by a file that need not be in the tree that is: it may lie above, or be left out. */
async function modulesBeside({ request, ignore }: BuildPlan, signal: AbortSignal): Promise<string> {
  if ((request.checkout.build?.root ?? '') === '' && ignore === '') return ''
  const file = '.gitmodules'
  return (await readTreeFiles(request.objects, request.commit, [file], signal)).get(file) ?? ''
}

/** What was built under this key before, if all of it is still there. */
export async function findArtifact(
  { places, workshop }: BuildTools,
  key: string,
  signal: AbortSignal,
): Promise<BuiltSlug | null> {
  const json = await readFile(pathOf(places.artifacts, key), 'utf8').catch(() => null)
  if (json === null) return null
  const now = new Date()
  await utimes(pathOf(places.artifacts, key), now, now)
  const slug = JSON.parse(json) as BuiltSlug
  if (slug.artifact.kind === 'image') {
    const isThere = await workshop.imageDigest(slug.artifact.image, signal).catch(() => null)
    return isThere === null ? null : slug
  }
  for (const layer of slug.artifact.layers) if (!(await isDirectory(layer))) return null
  await touch(slug.artifact.layers)
  return slug
}

/** Remembers what a key was built to. */
export async function keepArtifact(artifacts: string, key: string, slug: BuiltSlug): Promise<void> {
  await writeDurably(pathOf(artifacts, key), JSON.stringify(slug))
}

/** Collection leaves alone what is young; what is used again is. */
async function touch(layers: readonly string[]): Promise<void> {
  const now = new Date()
  for (const layer of layers) {
    await utimes(layer, now, now)
    await utimes(dirname(layer), now, now)
  }
}

function pathOf(artifacts: string, key: string): string {
  return join(artifacts, `${key}.json`)
}
