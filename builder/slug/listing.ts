import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { walk, type Found } from './walk.ts'

/** What each path of a slug is, its layers laid over each other: kind, mode and content. */
export type Listing = ReadonlyMap<string, string>

/** As the running app sees it: upper layers hide what lower ones have of the same name. */
export async function listSlug(layers: readonly string[], signal: AbortSignal): Promise<Listing> {
  const taken = new Map<string, string>()
  const listing = new Map<string, string>()
  for (const layer of layers) {
    for await (const found of walk(layer)) {
      signal.throwIfAborted()
      if (isHidden(found.path, taken)) continue
      taken.set(found.path, found.kind)
      if (found.kind !== 'whiteout') listing.set(found.path, await describe(found))
    }
  }
  return listing
}

/** `taken` are the kinds of what lies above, by path. */
export function isHidden(path: string, taken: ReadonlyMap<string, string>): boolean {
  if (taken.has(path)) return true
  for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
    const above = taken.get(path.slice(0, slash))
    if (above !== undefined && above !== 'directory') return true
  }
  return false
}

async function describe(found: Found): Promise<string> {
  const mode = found.mode.toString(8)
  if (found.kind === 'link') return `link to ${found.target}`
  if (found.kind === 'directory') return 'directory'
  const hash = createHash('sha256')
  await pipeline(createReadStream(found.at), hash)
  return `file ${mode} ${hash.digest('hex')}`
}

/** One digest of all of it. */
export function digestOfListing(listing: Listing): string {
  const hash = createHash('sha256')
  const paths = [...listing.keys()].toSorted()
  for (const path of paths) hash.update(`${path}\0${listing.get(path)}\0`)
  return `sha256:${hash.digest('hex')}`
}

/** A path that two slugs do not have in common. */
export interface Difference {
  readonly path: string
  readonly how: 'changed' | 'missing' | 'added'
}

/** In order of their paths. */
export function differences(before: Listing, after: Listing): Difference[] {
  const paths = [...new Set([...before.keys(), ...after.keys()])].toSorted()
  return paths.flatMap((path) => {
    const [was, is] = [before.get(path), after.get(path)]
    if (was === is) return []
    return [{ path, how: is === undefined ? 'missing' : was === undefined ? 'added' : 'changed' }]
  })
}
