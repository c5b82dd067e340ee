import { git, type Objects } from '#builder/git.ts'
import { Refused } from '#builder/refused.ts'
import { readObjects } from '#builder/receive/objects.ts'
import { sizeText } from '#builder/units.ts'

const limitBytes = 1024 ** 2

/** A tree's name is its content, so what was read of it once stays true; two programs less per push. */
const remembered = new Map<string, ReadonlyMap<string, string | null>>()
const rememberedTrees = 200
const rememberedChars = 32_768

/**
 * Reads small files of a pushed tree without a checkout: path → content, or null for one that is no
 * plain file. What is not there is not in the answer. Throws Refused for one that is too large.
 */
export async function readTreeFiles(
  objects: Objects,
  tree: string,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string | null>> {
  const key = [tree, ...paths].join('\0')
  const known = remembered.get(key)
  if (known !== undefined) return known
  const files = await read(objects, tree, paths, signal)
  if ([...files.values()].join('').length <= rememberedChars) remember(key, files)
  return files
}

function remember(key: string, files: ReadonlyMap<string, string | null>): void {
  const [oldest] = remembered.keys()
  if (remembered.size >= rememberedTrees && oldest !== undefined) remembered.delete(oldest)
  remembered.set(key, files)
}

async function read(
  objects: Objects,
  tree: string,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string | null>> {
  const listing = await git(objects, ['ls-tree', '-z', '-l', tree, '--', ...paths], {}, signal)
  const found = listing.toString().split('\0').flatMap(readEntry)
  const plain = found.filter(({ isPlain }) => isPlain)
  for (const { path, sizeBytes } of plain) if (sizeBytes > limitBytes) throw tooLarge(path)
  const files = new Map<string, string | null>(found.map(({ path }) => [path, null]))
  const ids = plain.map(({ id }) => id)
  await readObjects(objects, ids, limitBytes, signal, (content, index) => {
    files.set(plain[index]?.path ?? '', content.toString('utf8'))
  })
  return files
}

interface Entry {
  readonly path: string
  readonly id: string
  readonly sizeBytes: number
  readonly isPlain: boolean
}

const line = /^(\d{6}) \w+ ([0-9a-f]+) +(\d+|-)\t(.*)$/s

function readEntry(text: string): Entry[] {
  const [, mode = '', id = '', size = '', path = ''] = line.exec(text) ?? []
  return path === '' ? [] : [{ path, id, sizeBytes: Number(size), isPlain: mode.startsWith('100') }]
}

function tooLarge(path: string): Refused {
  const message = `${path} is larger than ${sizeText(limitBytes)}`
  return new Refused('manifest', message, 'It says how the app is built and run: keep it small.')
}
