import { readFile, utimes } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { BuiltSlug } from '#contract/push.ts'
import { writeDurably } from '#lib/durable.ts'
import { digestOf } from './packs.ts'
import { isDirectory } from './files.ts'
import { keyOf } from './key.ts'
import { buildImageOf, type BuildRequest, type BuildTools } from './request.ts'

/**
 * Everything a build depends on: two pushes with the same key build the same thing, so the second is
 * not built. Config belongs to it, since a build may read it.
 */
export async function artifactKey(
  request: BuildRequest,
  { config, workshop }: BuildTools,
  signal: AbortSignal,
): Promise<string> {
  const stack = await workshop.imageDigest(buildImageOf(request), signal)
  const packs = await digestOf(config.buildpacks)
  const { app, config: appConfig } = request.checkout
  return keyOf(['1', app.id, request.tree, stack, packs, config.env, appConfig])
}

/** What was built under this key before, if all of it is still there. */
export async function findArtifact(
  { places, workshop }: BuildTools,
  key: string,
  signal: AbortSignal,
): Promise<BuiltSlug | null> {
  const json = await readFile(pathOf(places.artifacts, key), 'utf8').catch(() => null)
  if (json === null) return null
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
