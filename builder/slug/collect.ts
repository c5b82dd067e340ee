import { readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Workshop } from '#driver/driver.ts'
import type { BuiltSlug } from '#contract/push.ts'
import type { Places } from '#builder/places.ts'
import { layersOf } from './archive.ts'

/** What the controller says must stay. */
export interface Kept {
  readonly apps: readonly string[]
  /** `sha256:…`: slugs, and images of the engine. */
  readonly digests: readonly string[]
}

/** Nothing younger is touched: its release may be under way. */
const youngMs = 3_600_000

/** Removes what no release and no app names any more. Whatever cannot be removed is left for next time. */
export async function collect(
  places: Places,
  workshop: Pick<Workshop, 'removeImage'>,
  kept: Kept,
  signal: AbortSignal,
): Promise<void> {
  const apps = new Set(kept.apps)
  const digests = new Set(kept.digests.map((digest) => digest.replace(/^sha256:/, '')))
  await collectArtifacts(places, workshop, digests, signal)
  await removeOld(places.slugs, (name) => !digests.has(name))
  await removeOld(places.archives, (name) => !digests.has(name.replace(/\.tar\.gz.*$/, '')))
  await removeOld(places.repos, (name) => !apps.has(name.replace(/\.git$/, '')))
  await removeOld(places.cache, (name) => !apps.has(name))
  const layers = await layersInUse(places.slugs)
  for (const app of await readdir(places.layers)) {
    const folder = join(places.layers, app)
    await removeOld(folder, (name) => !apps.has(app) || !layers.has(join(folder, name)))
  }
}

async function collectArtifacts(
  { artifacts }: Places,
  workshop: Pick<Workshop, 'removeImage'>,
  digests: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<void> {
  for (const name of await readdir(artifacts)) {
    const path = join(artifacts, name)
    const slug = JSON.parse(await readFile(path, 'utf8')) as BuiltSlug
    if (digests.has(slug.digest.replace(/^sha256:/, '')) || !(await isOld(path))) continue
    if (slug.artifact.kind === 'image') await workshop.removeImage(slug.artifact.image, signal)
    await rm(path, { force: true })
  }
}

async function layersInUse(slugs: string): Promise<Set<string>> {
  const homes = (await readdir(slugs)).map((name) => join(slugs, name))
  return new Set((await Promise.all(homes.map(layersOf))).flat())
}

async function removeOld(folder: string, isGarbage: (name: string) => boolean): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name)
    if (isGarbage(name) && (await isOld(path))) await rm(path, { recursive: true, force: true })
  }
}

async function isOld(path: string): Promise<boolean> {
  return Date.now() - (await stat(path)).mtimeMs > youngMs
}
