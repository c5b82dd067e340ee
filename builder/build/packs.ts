import { createHash } from 'node:crypto'
import { readdirSync, statSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Value } from 'typebox/value'
import { type Static, Type } from 'typebox'
import { readPlainFile } from './files.ts'

/** `buildpack.json`: what the builder must know of a buildpack without running it. */
const Description = Type.Object({
  name: Type.String(),
  /** Files of which one must be there before it is asked; for people too, and to guess which layer may fit. */
  detect: Type.Array(Type.String()),
  /** Place in the order of detection, lowest first; without one it is used only when asked for. */
  order: Type.Optional(Type.Number()),
  /** It only brings things for the pack that takes the app, and is used before that one. */
  helps: Type.Optional(Type.Boolean()),
  /** Image its runtimes are fetched in; what that has installed is left out of them. */
  runtimes_in: Type.Optional(Type.Union([Type.Literal('run'), Type.Literal('build')])),
  layer: Type.Optional(
    Type.Object({
      /** What the layer is made from: it is good as long as these do not change. */
      files: Type.Array(Type.String()),
      /** How the names of config vars begin that its making may depend on. */
      config: Type.Optional(Type.Array(Type.String())),
      /** What the layer is made of, relative to the app. */
      paths: Type.Array(Type.String()),
    }),
  ),
})

export interface Buildpack extends Static<typeof Description> {
  /** Its folder's name. */
  readonly folder: string
  /** Of all its files. */
  readonly digest: string
}

/** The buildpacks in a folder, in the order they are asked. */
export async function readPacks(root: string): Promise<readonly Buildpack[]> {
  const digest = await digestOf(root)
  if (packs?.digest !== digest) packs = { digest, all: await readAll(root) }
  return packs.all
}

let packs: { readonly digest: string; readonly all: readonly Buildpack[] } | null = null

async function readAll(root: string): Promise<Buildpack[]> {
  const folders = (await readdir(root, { withFileTypes: true })).filter((e) => e.isDirectory())
  const found = await Promise.all(folders.map(({ name }) => readPack(join(root, name), name)))
  return found
    .filter((pack) => pack !== null)
    .toSorted((a, b) => (a.order ?? 1e6) - (b.order ?? 1e6) || (a.folder < b.folder ? -1 : 1))
}

async function readPack(path: string, folder: string): Promise<Buildpack | null> {
  const json = await readPlainFile(join(path, 'buildpack.json'), 65_536)
  if (json === null) return null
  const description = Value.Parse(Description, JSON.parse(json))
  return { ...description, folder, digest: await digestOf(path) }
}

/** A digest of every file below a folder and its name. */
export async function digestOf(root: string): Promise<string> {
  const entries = readdirSync(root, { recursive: true, withFileTypes: true })
  const files = entries.filter((e) => e.isFile()).map((e) => join(e.parentPath, e.name))
  const paths = files.toSorted()
  const seen = paths.map(look).join('\n')
  const known = digests.get(root)
  if (known?.seen === seen) return known.digest
  const digest = await read(root, paths)
  digests.set(root, { seen, digest })
  return digest
}

/**
 * Every build asks, so the files are looked at without leaving the thread, which takes a quarter of the time.
 * They change when the platform is upgraded, or when somebody works on them.
 */
const digests = new Map<string, { readonly seen: string; readonly digest: string }>()

function look(path: string): string {
  const { ino, size, mtimeMs, ctimeMs } = statSync(path)
  return [path, ino, size, mtimeMs, ctimeMs].join(' ')
}

async function read(root: string, paths: readonly string[]): Promise<string> {
  const hash = createHash('sha256')
  for (const path of paths) {
    const content = createHash('sha256')
      .update(await readFile(path))
      .digest('hex')
    hash.update(`${path.slice(root.length)}\0${content}\0`)
  }
  return hash.digest('hex')
}
