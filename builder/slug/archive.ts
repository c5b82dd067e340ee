import { createWriteStream } from 'node:fs'
import { open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { pack, type Pack } from 'tar-stream'
import { addEntry } from '#builder/build/context.ts'
import { appUser } from '#builder/build/checkout.ts'
import { isFile } from '#builder/build/files.ts'
import type { Places } from '#builder/places.ts'
import { givesWay } from './calm.ts'
import { isHidden } from './listing.ts'
import { walk } from './walk.ts'

/**
 * Makes the archives that are missing: each slug as one file, its app over its layers, for other hosts.
 * Runs behind the pushes, one at a time; a slug serves without.
 */
export async function archiveSlugs(places: Places, signal: AbortSignal): Promise<void> {
  for (const digest of await readdir(places.slugs)) {
    signal.throwIfAborted()
    const target = archivePath(places.archives, digest)
    if (await isFile(target)) continue
    const layers = await layersOf(join(places.slugs, digest))
    const pause = givesWay(places, signal)
    await pause()
    if (layers.length > 0) await writeArchive(layers, target, pause, signal)
  }
}

export function archivePath(archives: string, digest: string): string {
  return join(archives, `${digest}.tar.gz`)
}

/** The directories of a stored slug, top first; none when it is not whole. */
export async function layersOf(home: string): Promise<string[]> {
  const json = await readFile(join(home, 'slug.json'), 'utf8').catch(() => '{"layers":[]}')
  return (JSON.parse(json) as { layers: string[] }).layers
}

async function writeArchive(
  layers: readonly string[],
  target: string,
  pause: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const aside = `${target}.new`
  const tar = pack()
  const written = pipeline(tar, createGzip(), createWriteStream(aside), { signal })
  try {
    await Promise.all([written, fill(tar, layers, pause, signal)])
    await sync(aside)
    await rename(aside, target)
  } catch (error) {
    tar.destroy()
    await written.catch(() => undefined)
    await rm(aside, { force: true })
    throw error
  }
}

/** Entries between two looks whether a build is under way. */
const pauseEvery = 100

/** What the running app sees: upper layers hide what lower ones have of the same name. */
async function fill(
  tar: Pack,
  layers: readonly string[],
  pause: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const taken = new Map<string, string>()
  for (const layer of layers) {
    for await (const found of walk(layer)) {
      signal.throwIfAborted()
      if (isHidden(found.path, taken)) continue
      if (taken.size % pauseEvery === 0) await pause()
      taken.set(found.path, found.kind)
      if (found.kind !== 'whiteout') await addEntry(tar, found, appUser)
    }
  }
  tar.finalize()
}

async function sync(path: string): Promise<void> {
  const file = await open(path, 'r')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}
