import { randomUUID } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { BuildInputs, Verified } from '#contract/build.ts'
import type { VerifyOrder } from '#contract/builder.ts'
import { EngineError } from '#driver/driver.ts'
import { readCommit } from '#builder/receive/commit.ts'
import { openRepository } from '#builder/receive/repository.ts'
import type { Places } from '#builder/places.ts'
import { Refused } from '#builder/refused.ts'
import { differences, digestOfListing, listSlug } from '#builder/slug/listing.ts'
import { build } from './build.ts'
import { isDirectory } from './files.ts'
import type { BuildTools } from './request.ts'
import type { Voice } from './voice.ts'

/** How many paths that differ are told. */
const shownPaths = 50

/**
 * Builds what was built before once more, with nothing of the time between: no cache, no layer, no
 * earlier result. Compares every path, and tells what the build is made from that is not the same now.
 *
 * Throws Refused when there is nothing to compare, or the build fails.
 */
export async function verifyBuild(
  { checkout, user, commit, slug, inputs }: VerifyOrder,
  tools: BuildTools,
  signal: AbortSignal,
): Promise<Verified> {
  if (slug.artifact.kind !== 'tree') throw isImage()
  for (const layer of slug.artifact.layers) if (!(await isDirectory(layer))) throw isGone()
  const id = randomUUID()
  const home = join(dirname(tools.places.builds), 'verify', id)
  const places = await cleanPlaces(tools.places, home)
  const repository = await openRepository(tools.places.repos, checkout.app.id, signal)
  const objects = { repository, quarantine: {} }
  try {
    await mkdir(join(places.builds, id), { mode: 0o755 })
    const { tree } = await readCommit(objects, commit, signal).catch(noCommit)
    const request = { id, user, checkout, objects, commit, tree }
    const again = await build(request, { ...tools, places, fresh: true }, silent, signal)
    if (again.artifact.kind !== 'tree') throw isImage()
    const before = await listSlug(slug.artifact.layers, signal)
    const after = await listSlug(again.artifact.layers, signal)
    const differing = differences(before, after)
    return {
      identical: differing.length === 0,
      digest: digestOfListing(before),
      digest_again: digestOfListing(after),
      paths: before.size,
      differing: differing.length,
      differences: differing.slice(0, shownPaths),
      changed_inputs: changedInputs(inputs, again.inputs),
    }
  } finally {
    await rm(home, { recursive: true, force: true })
  }
}

/** All empty but what is the same for everybody: repositories, runtimes, and buildpacks by URL. */
async function cleanPlaces(places: Places, home: string): Promise<Places> {
  const own = ['builds', 'slugs', 'layers', 'cache', 'archives', 'artifacts'] as const
  for (const name of own) await mkdir(join(home, name), { recursive: true, mode: 0o755 })
  return { ...places, ...Object.fromEntries(own.map((name) => [name, join(home, name)])) }
}

/** Whoever asks wants the result; a failure says itself why. */
const silent: Voice = {
  step: () => undefined,
  text: () => undefined,
  say: () => undefined,
  output: () => undefined,
  hide: () => undefined,
}

type Inputs = VerifyOrder['inputs']

function changedInputs(before: Inputs, after: BuildInputs | undefined): string[] {
  if (before === null || after === undefined) return []
  const parts = {
    tree: [before.tree, after.tree],
    stack: [before.stack, after.stack],
    buildpacks: [before.buildpacks, after.buildpacks],
    config: [before.config_keys, after.config_keys],
    settings: [before.settings, after.settings],
  }
  const found = Object.entries(parts).filter(
    ([, [was, is]]) => JSON.stringify(was) !== JSON.stringify(is),
  )
  if (found.length > 0) return found.map(([name]) => name)
  return before.key === after.key ? [] : ['values of config or settings']
}

function isImage(): Refused {
  const message = 'it is an image, and two images of one Dockerfile are never the same to the byte'
  return new Refused('verify', message, 'Builds by buildpacks can be verified.')
}

function isGone(): Refused {
  const message = 'its slug is no longer here: no release needs it any more'
  return new Refused('verify', message, 'Verify a newer build: app builds')
}

function noCommit(error: unknown): never {
  if (error instanceof EngineError) throw error
  const message = 'its commit is no longer in the repository'
  throw new Refused('verify', message, 'Push that commit again, to a branch that does not deploy.')
}
