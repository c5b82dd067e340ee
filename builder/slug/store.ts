import { mkdir, rename } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { writeDurably } from '#lib/durable.ts'
import { isDirectory } from '#builder/build/files.ts'
import type { Ground } from '#builder/build/ground.ts'
import { sizeOf } from '#builder/build/layer.ts'
import type { Places } from '#builder/places.ts'
import { Refused } from '#builder/refused.ts'
import { sizeText } from '#builder/units.ts'
import { contentOf } from './digest.ts'

/** A slug in the store: the build directory itself, over the layers it was built on. */
export interface StoredSlug {
  /** `sha256:…` */
  readonly digest: string
  /** Directories, top first. */
  readonly layers: string[]
  readonly sizeBytes: number
}

/** What a slug was built on. */
export interface Below {
  /** Directory of its dependencies. */
  readonly layer: string | null
  readonly ground: Ground | null
}

/**
 * Moves a built app into the store. It is a rename: what was built is what runs, and writing 30,000
 * files again would take longer than most builds. Throws Refused when it is larger than `limitBytes`.
 */
export async function storeSlug(
  { slugs }: Places,
  limitBytes: number,
  app: string,
  { layer, ground }: Below,
  signal: AbortSignal,
): Promise<StoredSlug> {
  const content = await contentOf(app, baseOf({ layer, ground }), signal)
  const layerBytes = layer === null ? 0 : await sizeOf(layer, signal)
  const sizeBytes = content.sizeBytes + layerBytes + (ground?.sizeBytes ?? 0)
  if (sizeBytes > limitBytes) throw tooLarge(sizeBytes, limitBytes)
  const home = join(slugs, content.digest)
  const below = [layer, ground?.path].filter((path) => typeof path === 'string')
  const layers = [join(home, 'app'), ...below]
  await mkdir(home, { recursive: true, mode: 0o755 })
  await writeDurably(join(home, 'slug.json'), JSON.stringify({ layers }))
  if (!(await isDirectory(join(home, 'app')))) await rename(app, join(home, 'app'))
  return { digest: `sha256:${content.digest}`, layers, sizeBytes }
}

/** Names what lies below the app in its digest. */
function baseOf({ layer, ground }: Below): string {
  const own = layer === null ? '' : basename(layer)
  return ground === null ? own : `${own} ${ground.name}`
}

function tooLarge(sizeBytes: number, limitBytes: number): Refused {
  const message = `the slug is ${sizeText(sizeBytes)}, at most ${sizeText(limitBytes)} are allowed`
  const hint = 'Keep data, tests and build tools out of the repository and the dependencies.'
  return new Refused('slug', message, hint)
}
