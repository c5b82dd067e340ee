import { git, type Objects } from '#builder/git.ts'
import { readObjects } from '#builder/receive/objects.ts'
import { nameText } from '#builder/receive/name.ts'
import { Refused } from '#builder/refused.ts'

/** A pointer is three short lines. */
const pointerLimitBytes = 1024
const pointerStart = 'version https://git-lfs.github.com/spec/'
const shownNames = 5

/**
 * Refuses a tree whose large files are in Git LFS: what was pushed of them is a few lines each, and an
 * app that is built from those fails later and oddly.
 */
export async function refusePointers(
  objects: Objects,
  tree: string,
  signal: AbortSignal,
): Promise<void> {
  const small = await list(objects, tree, signal)
  const attributes = small.filter(({ path }) => /(^|\/)\.gitattributes$/.test(path))
  const using = await matching(objects, attributes, signal, (text) => /\bfilter=lfs\b/.test(text))
  if (using.length === 0) return
  const sized = small.filter(({ sizeBytes }) => sizeBytes > 100)
  const found = await matching(objects, sized, signal, (text) => text.startsWith(pointerStart))
  if (found.length > 0) throw pointers(found)
}

interface Blob {
  readonly path: string
  readonly id: string
  readonly sizeBytes: number
}

const line = /^100\d{3} blob ([0-9a-f]+) +(\d+)\t(.*)$/s

async function list(objects: Objects, tree: string, signal: AbortSignal): Promise<Blob[]> {
  const options = { maxBytes: 512 * 1024 ** 2 }
  const listing = await git(objects, ['ls-tree', '-r', '-z', '-l', tree], options, signal)
  return listing
    .toString('latin1')
    .split('\0')
    .flatMap((text) => {
      const [, id = '', size = '', path = ''] = line.exec(text) ?? []
      return path === '' ? [] : [{ path, id, sizeBytes: Number(size) }]
    })
    .filter(
      ({ path, sizeBytes }) => sizeBytes <= pointerLimitBytes || path.endsWith('.gitattributes'),
    )
}

const limitBytes = 1024 ** 2

async function matching(
  objects: Objects,
  blobs: readonly Blob[],
  signal: AbortSignal,
  isIt: (text: string) => boolean,
): Promise<string[]> {
  const read = blobs.filter(({ sizeBytes }) => sizeBytes <= limitBytes)
  const found: string[] = []
  const ids = read.map(({ id }) => id)
  await readObjects(objects, ids, limitBytes, signal, (content, index) => {
    if (isIt(content.toString('latin1'))) found.push(read[index]?.path ?? '')
  })
  return found
}

function pointers(paths: readonly string[]): Refused {
  const shown = paths.slice(0, shownNames).map(nameText).join(', ')
  const rest = paths.length > shownNames ? ` and ${paths.length - shownNames} more` : ''
  const are = paths.length === 1 ? 'is a Git LFS pointer' : 'are Git LFS pointers'
  const hint =
    'Their content was not pushed here. Commit them as they are (git lfs migrate export --include=FILE), or let the app load them when it starts.'
  return new Refused('check', `${shown}${rest} ${are}, and no content`, hint)
}
