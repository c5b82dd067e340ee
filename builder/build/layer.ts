import { lstat, mkdir, rename, rm, utimes } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { run } from '#builder/process.ts'
import type { Config } from '#contract/app.ts'
import { isDirectory, isFile, readPlainFile } from './files.ts'
import { Kept } from './kept.ts'
import { keyOf } from './key.ts'
import type { Buildpack } from './packs.ts'
import type { BuildRequest, BuildTools } from './request.ts'

/** Dependencies of an app, made by one build and used by all with the same key. */
export interface Layer {
  readonly pack: Buildpack
  /** Directory on the host, whether it is there or not. */
  readonly path: string
  readonly isThere: boolean
}

const fileLimitBytes = 32 * 1024 ** 2

/** The layer each buildpack would make or use for this app; those that cannot have one are left out. */
export async function planLayers(
  request: BuildRequest,
  { places, config }: BuildTools,
  packs: readonly Buildpack[],
  app: string,
  stackDigest: string,
): Promise<Layer[]> {
  const layers: Layer[] = []
  for (const pack of packs) {
    const files = await layerFiles(pack, app)
    if (files === null) continue
    const { id } = request.checkout.app
    const { stack } = request.checkout
    const vars = layerConfig(pack, request.checkout.config)
    const key = keyOf([pack.folder, pack.digest, stack, stackDigest, files, config.env, vars])
    const path = join(places.layers, id, key.slice(0, 40))
    layers.push({ pack, path, isThere: await isUsable(path) })
  }
  return layers
}

/** Most of an app's config says how it runs, and is no reason to install its dependencies again. */
function layerConfig({ layer }: Buildpack, config: Config): Config {
  const vars = Object.entries(config)
  return Object.fromEntries(
    vars.filter(([name]) => layer?.config?.some((start) => name.startsWith(start))),
  )
}

/** Collection leaves alone what is young: what a build begins with becomes so. */
async function isUsable(path: string): Promise<boolean> {
  const now = new Date()
  return utimes(path, now, now).then(
    () => true,
    () => false,
  )
}

/** Content of the files that key a layer; null when the buildpack does not look at this app. */
async function layerFiles(pack: Buildpack, app: string): Promise<Record<string, string> | null> {
  if (pack.layer === undefined) return null
  const seen = await Promise.all(pack.detect.map((name) => isFile(join(app, name))))
  if (!seen.includes(true)) return null
  const files: Record<string, string> = {}
  for (const name of pack.layer.files) {
    const content = await readPlainFile(join(app, name), fileLimitBytes)
    if (content !== null) files[name] = content
  }
  return files
}

/**
 * Moves what a build made of a layer's paths out of the app into the layer. Answers whether there was
 * any. Renames only, so that a crash leaves either no layer or a whole one.
 */
export async function takeLayer(layer: Layer, app: string): Promise<boolean> {
  // One that is there may be what a running app stands on.
  if (await isDirectory(layer.path)) return false
  const aside = `${layer.path}.new`
  await rm(aside, { recursive: true, force: true })
  let isEmpty = true
  for (const path of layer.pack.layer?.paths ?? []) {
    if (!(await canMove(app, path))) continue
    await mkdir(dirname(join(aside, path)), { recursive: true, mode: 0o755 })
    await rename(join(app, path), join(aside, path))
    isEmpty = false
  }
  if (isEmpty) return false
  await rename(aside, layer.path)
  return true
}

/** A directory of the app reached through directories alone, never through a link. */
async function canMove(app: string, path: string): Promise<boolean> {
  let at = app
  for (const part of path.split('/')) {
    at = join(at, part)
    const found = await lstat(at).catch(() => null)
    if (found === null || !found.isDirectory()) return false
  }
  return true
}

const sizes = new Kept<number>(1000)

/** Bytes of all files below a directory that does not change any more. */
export function sizeOf(directory: string, signal: AbortSignal): Promise<number> {
  return sizes.get(directory, () => measure(directory, signal))
}

async function measure(directory: string, signal: AbortSignal): Promise<number> {
  const output = await run(['du', '-s', '--apparent-size', '-B1', directory], {}, signal)
  return Number(output.toString().split('\t')[0])
}
