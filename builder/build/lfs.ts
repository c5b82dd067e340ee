import type { Objects } from '#builder/git.ts'
import { readObjects } from '#builder/receive/objects.ts'
import { nameText } from '#builder/receive/name.ts'
import { Refused } from '#builder/refused.ts'
import type { TreeFile } from './tree-list.ts'

/** A pointer is three short lines. */
const pointerLimitBytes = 1024
const pointerStart = 'version https://git-lfs.github.com/spec/'
const shownNames = 5

/**
 * Refuses files of a tree whose large ones are in Git LFS: what was pushed of them is a few lines each, and an
 * app that is built from those fails later and oddly.
 */
export async function refusePointers(
  objects: Objects,
  files: readonly TreeFile[],
  signal: AbortSignal,
): Promise<void> {
  const small = files.filter(({ path, sizeBytes, isLink }) => {
    return !isLink && (sizeBytes <= pointerLimitBytes || path.endsWith('.gitattributes'))
  })
  const attributes = small.filter(({ path }) => /(^|\/)\.gitattributes$/.test(path))
  const using = await matching(objects, attributes, signal, (text) => /\bfilter=lfs\b/.test(text))
  if (using.length === 0) return
  const sized = small.filter(({ sizeBytes }) => sizeBytes > 100)
  const found = await matching(objects, sized, signal, (text) => text.startsWith(pointerStart))
  if (found.length > 0) throw pointers(found)
}

const limitBytes = 1024 ** 2

async function matching(
  objects: Objects,
  blobs: readonly TreeFile[],
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
