import { mkdir, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { ProgramError } from '#builder/process.ts'
import { checkOutFiles, giveToApp, workplace } from './checkout.ts'
import { deltaOf, type Delta } from './delta.ts'
import { isDirectory } from './files.ts'
import { keyOf } from './key.ts'
import { readPacks } from './packs.ts'
import type { BuildRequest, BuildTools } from './request.ts'
import { hasLayerPaths, surfaceOf } from './surface.ts'
import { bytesOf, type TreeFile } from './tree-list.ts'
import { hide } from './whiteout.ts'

/**
 * The files of a large tree, written once. It lies below builds of that tree and of those that differ
 * little from it; they see it and cannot change it. Why: docs/decisions/0015.
 */
export interface Ground {
  /** Directory on the host, whole and never written to. */
  readonly path: string
  /** What is in it is named by this, for this app. */
  readonly name: string
  /** Bytes of the commit's files that were not written again. */
  readonly sizeBytes: number
}

/** A smaller tree is written faster than it is compared. */
const leastFiles = 2000
const leastBytes = 64 * 1024 ** 2

/** A tree of which more than this part is not in the ground gets a ground of its own. */
const mostPart = 1 / 4
const mostGone = 10_000

/**
 * Writes what of the commit's files is not in a ground, for a build that sees both. Null, and nothing is
 * written, for a tree that is better written as a whole.
 */
export async function checkOutOverGround(
  request: BuildRequest,
  { places, config, fresh = false }: BuildTools,
  files: readonly TreeFile[],
  signal: AbortSignal,
): Promise<Ground | null> {
  const isLarge = files.length >= leastFiles || bytesOf(files) >= leastBytes
  if (fresh || !isLarge || !(await canOverlay())) return null
  const packs = await readPacks(config.buildpacks)
  if (hasLayerPaths(files, packs)) return null
  const surface = surfaceOf(packs)
  const folder = join(places.layers, request.checkout.app.id)
  const suffix = keyOf(['1', [...surface].toSorted().join('\n')]).slice(0, 16)
  const aside = join(workplace(places.builds, request.id).root, 'ground')
  const wanted = { request, files, surface, folder, suffix, aside }
  const found = (await findNear(wanted, signal)) ?? (await makeGround(wanted, signal))
  const { app } = workplace(places.builds, request.id)
  const above = new Set([...found.delta.changed, ...surface])
  const own = files.filter(({ path }) => above.has(path))
  await checkOutFiles(
    request,
    app,
    signal,
    own.map(({ path }) => path),
  )
  await hide(app, goneFrom(found.delta, surface), signal)
  if (found.delta.gone.length > 0) await giveToApp(app, signal)
  const path = join(folder, found.name)
  const name = `${request.checkout.app.id}/${found.name}`
  return { path, name, sizeBytes: bytesOf(files) - bytesOf(own) }
}

interface Wanted {
  readonly request: BuildRequest
  readonly files: readonly TreeFile[]
  readonly surface: ReadonlySet<string>
  /** The layers of the app. */
  readonly folder: string
  readonly suffix: string
  /** Where one is written: goes with its build, however that ends. */
  readonly aside: string
}

interface Near {
  readonly name: string
  readonly delta: Delta
}

const tried = 3

/** The youngest ground that is near enough; used, it counts as young, and young ones are not collected. */
async function findNear(wanted: Wanted, signal: AbortSignal): Promise<Near | null> {
  const { request, folder, suffix } = wanted
  for (const name of (await groundsIn(folder, suffix)).slice(0, tried)) {
    const delta = await deltaOf(request.objects, treeOf(name), request.tree, signal).catch(orGone)
    if (delta === null || !isSmall(delta, wanted)) continue
    const now = new Date()
    const isThere = await utimes(join(folder, name), now, now).then(
      () => true,
      () => false,
    )
    if (isThere) return { name, delta }
  }
  return null
}

/** A tree that no ref leads to any more goes when git packs the repository anew. */
function orGone(error: unknown): null {
  if (error instanceof ProgramError) return null
  throw error
}

/** Names of the grounds of an app, the last used first. */
async function groundsIn(folder: string, suffix: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => [])
  const grounds = names.filter((name) => isGround(name) && name.endsWith(`-${suffix}`))
  const aged = grounds.map(async (name) => {
    const seen = await stat(join(folder, name)).catch(() => null)
    return { name, usedAt: seen?.mtimeMs ?? 0 }
  })
  const sorted = (await Promise.all(aged)).toSorted((a, b) => b.usedAt - a.usedAt)
  return sorted.map(({ name }) => name)
}

function isGround(name: string): boolean {
  return /^tree-[0-9a-f]{40}-[0-9a-f]{16}$/.test(name)
}

function treeOf(name: string): string {
  return name.split('-')[1] ?? ''
}

function isSmall({ changed, gone }: Delta, { files }: Wanted): boolean {
  if (gone.length > mostGone || changed.length > files.length * mostPart) return false
  const paths = new Set(changed)
  const written = files.filter(({ path }) => paths.has(path))
  return bytesOf(written) <= bytesOf(files) * mostPart
}

/** Written beside and renamed: what has the name of a ground is whole. */
async function makeGround(
  { request, files, surface, folder, suffix, aside }: Wanted,
  signal: AbortSignal,
): Promise<Near> {
  const name = `tree-${request.tree}-${suffix}`
  const below = files.map(({ path }) => path).filter((path) => !surface.has(path))
  await mkdir(folder, { recursive: true, mode: 0o755 })
  await checkOutFiles(request, aside, signal, below)
  // One that is there may be what a running app stands on, and holds the same.
  await rename(aside, join(folder, name)).catch(async (error: unknown) => {
    await rm(aside, { recursive: true, force: true })
    if (!(await isDirectory(join(folder, name)))) throw error
  })
  return { name, delta: { changed: [], gone: [] } }
}

/** What a ground never has need not be hidden. */
function goneFrom({ gone }: Delta, surface: ReadonlySet<string>): string[] {
  return gone.filter((path) => !surface.has(path))
}

let possible: Promise<boolean> | undefined

/**
 * Only root mounts overlays. Kernels set up to note in attributes that a directory moved or a file's
 * content lies below are left alone: a digest would not see it.
 */
async function canOverlay(): Promise<boolean> {
  possible ??= readSettings()
  return possible
}

async function readSettings(): Promise<boolean> {
  if (process.getuid?.() !== 0) return false
  const names = ['redirect_dir', 'metacopy']
  const read = names.map((name) =>
    readFile(`/sys/module/overlay/parameters/${name}`, 'utf8').catch(() => 'N'),
  )
  return (await Promise.all(read)).every((value) => value.trim() === 'N')
}
