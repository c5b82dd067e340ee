import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { extract } from 'tar-stream'
import { stream } from '#builder/process.ts'
import { isDirectory } from './files.ts'
import { hide } from './whiteout.ts'

const opaque = 'trusted.overlay.opaque'

/**
 * Names what an opaque directory hides.
 *
 * A directory that a build removed and made anew shows nothing of what lies below it, and an attribute
 * alone says so. Digests, archives and comparisons of slugs look at names; so each gets its whiteout.
 */
export async function spellOutOpaque(
  app: string,
  ground: string,
  signal: AbortSignal,
): Promise<void> {
  const common = await commonDirectories(app, ground, '')
  const found = await opaqueAmong(app, common, signal)
  const hidden = await Promise.all(found.map((path) => missingIn(app, ground, path)))
  await hide(app, [...new Set(hidden.flat())], signal)
}

/** Directories below `path` that are in both. */
async function commonDirectories(app: string, ground: string, path: string): Promise<string[]> {
  const found: string[] = []
  for (const entry of await readdir(join(app, path), { withFileTypes: true })) {
    const below = path === '' ? entry.name : `${path}/${entry.name}`
    if (!entry.isDirectory() || !(await isDirectory(join(ground, below)))) continue
    found.push(below, ...(await commonDirectories(app, ground, below)))
  }
  return found
}

/** Node cannot read attributes of files; the tar that is on every Linux can. */
async function opaqueAmong(
  app: string,
  directories: readonly string[],
  signal: AbortSignal,
): Promise<string[]> {
  if (directories.length === 0) return []
  const entries = extract()
  const found: string[] = []
  entries.on('entry', ({ name, pax }, content, next) => {
    // Its type promises no keys.
    const attributes = (pax ?? {}) as Readonly<Record<string, string>>
    const isOpaque = attributes[`SCHILY.xattr.${opaque}`] === 'y'
    if (isOpaque) found.push(name.slice(2).replace(/\/$/, ''))
    content.resume()
    next()
  })
  const input = directories.map((path) => `./${path}\0`).join('')
  const attributes = ['--format=pax', '--xattrs', `--xattrs-include=${opaque}`]
  const argv = ['tar', '-C', app, ...attributes, '--no-recursion', '--null', '-T', '-', '-cf', '-']
  await stream(argv, { input }, signal, (chunk) => void entries.write(chunk))
  return found
}

/** What is below `path` in the ground and not in the app: the topmost names, as latin1. */
async function missingIn(app: string, ground: string, path: string): Promise<string[]> {
  const own = new Map(await kinds(join(app, path)))
  const missing: string[] = []
  for (const [name, isFolder] of await kinds(join(ground, path))) {
    const below = `${path}/${name}`
    if (!own.has(name)) missing.push(Buffer.from(below).toString('latin1'))
    else if (isFolder && own.get(name) === true)
      missing.push(...(await missingIn(app, ground, below)))
  }
  return missing
}

/** Names in a directory, and whether each is one. */
async function kinds(path: string): Promise<[name: string, isDirectory: boolean][]> {
  const entries = await readdir(path, { withFileTypes: true })
  return entries.map((entry) => [entry.name, entry.isDirectory()])
}
