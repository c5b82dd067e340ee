import { git, type Objects } from '#builder/git.ts'

/** A file or link of a tree. */
export interface TreeFile {
  /** Byte for byte, as latin1: a name need not be UTF-8. */
  readonly path: string
  readonly id: string
  readonly sizeBytes: number
  readonly isLink: boolean
}

const line = /^(1[02]0\d{3}) blob ([0-9a-f]+) +(\d+)\t(.*)$/s
const listingBytes = 512 * 1024 ** 2

/** All files and links of a tree, which must have been checked, in git's order. */
export async function listTree(
  objects: Objects,
  tree: string,
  signal: AbortSignal,
): Promise<TreeFile[]> {
  const options = { maxBytes: listingBytes }
  const listing = await git(objects, ['ls-tree', '-r', '-z', '-l', tree], options, signal)
  return listing
    .toString('latin1')
    .split('\0')
    .flatMap((text) => {
      const [, mode = '', id = '', size = '', path = ''] = line.exec(text) ?? []
      if (path === '') return []
      return [{ path, id, sizeBytes: Number(size), isLink: mode === '120000' }]
    })
}

/** Bytes of all files together. */
export function bytesOf(files: readonly TreeFile[]): number {
  return files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
}
