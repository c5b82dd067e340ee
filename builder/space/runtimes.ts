import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeDurably } from '#lib/durable.ts'
import type { Places } from '#builder/places.ts'
import { layersOf } from '#builder/slug/archive.ts'
import { walk, type Found } from '#builder/slug/walk.ts'

/** A runtime as slugs name it, in scripts, configuration and links: `/runtimes/node/24.21.0/bin/node`. */
const mention = /\/runtimes\/([a-z0-9][a-z0-9-]{0,30})\/([\w.+-]{1,60})/g
/** Text that names one is short; programs are not read. */
const textBytes = 65_536

/** The runtimes (`node/24.21.0`) that the slugs which stay, kept or young, stand on. */
export async function runtimesOf(
  { slugs }: Places,
  kept: ReadonlySet<string>,
  isOld: (home: string) => Promise<boolean>,
): Promise<Set<string>> {
  const used = new Set<string>()
  for (const digest of await readdir(slugs)) {
    const home = join(slugs, digest)
    if (!kept.has(digest) && (await isOld(home))) continue
    for (const name of await namesIn(home)) used.add(name)
  }
  return used
}

/** Looked for once and noted beside the slug, which never changes. */
async function namesIn(home: string): Promise<readonly string[]> {
  const note = join(home, 'runtimes.json')
  const noted = await readFile(note, 'utf8').catch(() => null)
  if (noted !== null) return JSON.parse(noted) as string[]
  const names = new Set<string>()
  for (const layer of await layersOf(home)) {
    for await (const found of walk(layer)) for (const name of await namesOf(found)) names.add(name)
  }
  await writeDurably(note, JSON.stringify([...names]), 0o644)
  return [...names]
}

async function namesOf(found: Found): Promise<string[]> {
  if (found.kind === 'link') return mentions(found.target)
  if (found.kind !== 'file' || found.sizeBytes > textBytes) return []
  return mentions(await readFile(found.at, 'latin1'))
}

function mentions(text: string): string[] {
  return [...text.matchAll(mention)].map(([, name, version]) => `${name}/${version}`)
}
