import { git, type Objects } from '#builder/git.ts'

/** What makes one tree out of another; paths as latin1. */
export interface Delta {
  /** Files and links that are new or not what they were. */
  readonly changed: readonly string[]
  /** What is gone, directories as one; nothing that something else took the place of. */
  readonly gone: readonly string[]
}

/** Throws ProgramError when a tree is no longer in the repository. */
export async function deltaOf(
  objects: Objects,
  from: string,
  to: string,
  signal: AbortSignal,
): Promise<Delta> {
  const args = ['diff-tree', '-r', '-t', '-z', '--no-renames', from, to]
  const output = await git(objects, args, { maxBytes: 256 * 1024 ** 2 }, signal)
  return parseDelta(output.toString('latin1'))
}

/** Reads `:<mode> <mode> <id> <id> <letter>\0<path>\0`, over and over. */
export function parseDelta(text: string): Delta {
  const fields = text.split('\0')
  const there = new Set<string>()
  const deleted = new Set<string>()
  const changed: string[] = []
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const [, mode = '', , , letter] = (fields[at] ?? '').split(' ')
    const path = fields[at + 1] ?? ''
    if (letter === 'D') {
      deleted.add(path)
      continue
    }
    there.add(path)
    if (mode !== '040000') changed.push(path)
  }
  const isGone = (path: string): boolean => !there.has(path) && !isBelow(path, deleted)
  return { changed, gone: [...deleted].filter(isGone) }
}

function isBelow(path: string, above: ReadonlySet<string>): boolean {
  for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
    if (above.has(path.slice(0, slash))) return true
  }
  return false
}
