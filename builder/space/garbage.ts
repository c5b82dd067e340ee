import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { BuiltSlug } from '#contract/push.ts'
import type { OwnImage, Workshop } from '#driver/driver.ts'
import type { Places } from '#builder/places.ts'
import { layersOf } from '#builder/slug/archive.ts'
import { runtimesOf } from './runtimes.ts'
import { diskBytes } from './size.ts'

/** What the controller says must stay. */
export interface Kept {
  readonly apps: readonly string[]
  /** `sha256:…`: slugs, and images of the engine. */
  readonly digests: readonly string[]
}

/** Something nothing needs any more: a path of ours, or an image. */
export interface Garbage {
  readonly kind: Kind
  /** Path on the host; of an image its id. */
  readonly at: string
  readonly sizeBytes: number
}

export type Kind =
  | 'slugs'
  | 'archives'
  | 'layers'
  | 'caches'
  | 'repositories'
  | 'runtimes'
  | 'buildpacks'
  | 'submodules'
  | 'records'
  | 'images'

export interface Search {
  /** Only the cache, layers and submodules of this app; those may be young. */
  readonly app?: string
  /** Asks the engine for images even when no record says that there are any. */
  readonly askEngine?: boolean
  readonly now?: number
}

/** Nothing younger is touched: its release may be under way. */
const youngMs = 3_600_000
/** What was fetched by URL and no build used for so long is fetched again when one does. */
const fetchedMs = 30 * 24 * 3_600_000

/**
 * Everything below our folders, and every image with our label, that no release and no app names.
 * Looks and removes nothing.
 */
export async function findGarbage(
  places: Places,
  workshop: Pick<Workshop, 'images'>,
  kept: Kept,
  { app, askEngine = false, now = Date.now() }: Search,
  signal: AbortSignal,
): Promise<Garbage[]> {
  const ground = await survey(places, kept, now)
  const found =
    app === undefined ? await everywhere(places, ground) : await ofApp(places, ground, app)
  const sizes = await diskBytes(
    found.map(({ at }) => at),
    signal,
  )
  const paths = found.map((one, index) => ({ ...one, sizeBytes: sizes[index] ?? 0 }))
  const records = app === undefined ? await readRecords(places) : []
  // An engine's client is large: a builder that never made an image stays small.
  const hasImages = askEngine || records.some(({ isImage }) => isImage)
  if (app !== undefined || !hasImages) return paths
  return [...paths, ...(await images(workshop, records, ground, signal))]
}

/** What decides, read once. */
interface Ground {
  readonly apps: ReadonlySet<string>
  readonly digests: ReadonlySet<string>
  readonly layers: ReadonlySet<string>
  readonly now: number
}

type Found = Omit<Garbage, 'sizeBytes'>

async function survey({ slugs }: Places, kept: Kept, now: number): Promise<Ground> {
  const digests = new Set(kept.digests.map((digest) => digest.replace(/^sha256:/, '')))
  return { apps: new Set(kept.apps), digests, layers: await layersInUse(slugs, digests, now), now }
}

/** Layers of the slugs that stay: those that are kept, and young ones. */
async function layersInUse(
  slugs: string,
  digests: ReadonlySet<string>,
  now: number,
): Promise<Set<string>> {
  const used = new Set<string>()
  for (const digest of await readdir(slugs)) {
    const home = join(slugs, digest)
    if (!digests.has(digest) && (await isOlder(home, youngMs, now))) continue
    for (const layer of await layersOf(home)) used.add(layer)
  }
  return used
}

async function everywhere(places: Places, ground: Ground): Promise<Found[]> {
  const { apps, digests, now } = ground
  const gone = (name: string): boolean => !apps.has(name)
  const spare = (kind: Kind, folder: string, isGarbage: (name: string) => boolean) =>
    oldIn(kind, folder, youngMs, now, isGarbage)
  return [
    ...(await spare('slugs', places.slugs, (name) => !digests.has(name))),
    ...(await spare('archives', places.archives, (name) => !digests.has(digestIn(name)))),
    ...(await spare('repositories', places.repos, (name) => gone(name.replace(/\.git$/, '')))),
    ...(await spare('caches', places.cache, gone)),
    ...(await spareLayers(places.layers, ground)),
    ...(await spareRecords(places, ground)),
    ...(await spareRuntimes(places, ground)),
    ...(await oldIn('buildpacks', places.packs, fetchedMs, now, () => true)),
    ...(await spareSubmodules(places.submodules, ground)),
  ]
}

async function ofApp(places: Places, { layers }: Ground, app: string): Promise<Found[]> {
  const folder = join(places.layers, app)
  const names = await list(folder)
  const spare = names.map((name) => join(folder, name)).filter((path) => !layers.has(path))
  const caches = (await list(places.cache)).filter((name) => name === app)
  const submodules = join(places.submodules, app)
  return [
    ...spare.map((at) => ({ kind: 'layers', at }) as const),
    ...caches.map((name) => ({ kind: 'caches', at: join(places.cache, name) }) as const),
    ...(await oldIn('submodules', submodules, 0, Infinity, () => true)),
  ]
}

async function spareLayers(root: string, { apps, layers, now }: Ground): Promise<Found[]> {
  const found: Found[] = []
  for (const app of await list(root)) {
    const folder = join(root, app)
    const isSpare = (name: string): boolean => !apps.has(app) || !layers.has(join(folder, name))
    found.push(...(await oldIn('layers', folder, youngMs, now, isSpare)))
  }
  return found
}

async function spareSubmodules(root: string, { apps, now }: Ground): Promise<Found[]> {
  const found: Found[] = []
  for (const app of await list(root)) {
    const ageMs = apps.has(app) ? fetchedMs : youngMs
    found.push(...(await oldIn('submodules', join(root, app), ageMs, now, () => true)))
  }
  return found
}

/** What a key was built to. */
interface Record {
  readonly at: string
  /** Empty: it cannot be read. */
  readonly digest: string
  readonly isImage: boolean
}

async function readRecords({ artifacts }: Places): Promise<Record[]> {
  const paths = (await list(artifacts)).map((name) => join(artifacts, name))
  return Promise.all(paths.map(async (at) => ({ at, ...parse(await readFile(at, 'utf8')) })))
}

function parse(json: string): Omit<Record, 'at'> {
  try {
    const { digest, artifact } = JSON.parse(json) as Pick<BuiltSlug, 'digest' | 'artifact'>
    return { digest: digest.replace(/^sha256:/, ''), isImage: artifact.kind === 'image' }
  } catch {
    return { digest: '', isImage: false }
  }
}

async function spareRecords(places: Places, { digests, now }: Ground): Promise<Found[]> {
  const found: Found[] = []
  for (const { at, digest } of await readRecords(places)) {
    if (!digests.has(digest) && (await isOlder(at, youngMs, now)))
      found.push({ kind: 'records', at })
  }
  return found
}

/**
 * Runtimes that no slug stands on, apart from the newest of each name, which the next build is likely
 * to want. None while something is built: it may be choosing one just now.
 */
async function spareRuntimes(places: Places, { digests, now }: Ground): Promise<Found[]> {
  if ((await readdir(places.builds)).length > 0) return []
  const used = await runtimesOf(places, digests, (home) => isOlder(home, youngMs, now))
  const found: Found[] = []
  for (const name of await list(places.runtimes)) {
    const folder = join(places.runtimes, name)
    const versions = (await list(folder)).toSorted(byVersion)
    const spare = new Set(
      versions.slice(0, -1).filter((version) => !used.has(`${name}/${version}`)),
    )
    found.push(...(await oldIn('runtimes', folder, youngMs, now, (one) => spare.has(one))))
  }
  return found
}

const { compare: byVersion } = new Intl.Collator('en', { numeric: true })

/** What a build made or found lately stays: its release may be under way. */
async function images(
  workshop: Pick<Workshop, 'images'>,
  records: readonly Record[],
  { digests, now }: Ground,
  signal: AbortSignal,
): Promise<Garbage[]> {
  const young = new Set<string>()
  for (const { at, digest } of records) {
    if (!(await isOlder(at, youngMs, now))) young.add(digest)
  }
  const isSpare = ({ id, createdAtMs }: OwnImage): boolean => {
    const digest = id.replace(/^sha256:/, '')
    return !digests.has(digest) && !young.has(digest) && now - createdAtMs > youngMs
  }
  return (await workshop.images(signal))
    .filter(isSpare)
    .map(({ id, sizeBytes }) => ({ kind: 'images', at: id, sizeBytes }))
}

async function oldIn(
  kind: Kind,
  folder: string,
  ageMs: number,
  now: number,
  isGarbage: (name: string) => boolean,
): Promise<Found[]> {
  const found: Found[] = []
  for (const name of (await list(folder)).filter(isGarbage)) {
    const at = join(folder, name)
    if (await isOlder(at, ageMs, now)) found.push({ kind, at })
  }
  return found
}

/** `<digest>.tar.gz`, and whatever is beside it while it is written. */
function digestIn(name: string): string {
  return name.split('.')[0] ?? ''
}

function list(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => [])
}

/** What went away meanwhile is not old: somebody else saw to it. */
async function isOlder(path: string, ageMs: number, now: number): Promise<boolean> {
  const seen = await stat(path).catch(() => null)
  return seen !== null && now - seen.mtimeMs > ageMs
}
