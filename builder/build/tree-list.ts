import { git, type Objects } from '#builder/git.ts'
import type { Submodule } from '#builder/receive/tree.ts'

/** A file or link of a tree. */
export interface TreeFile {
  /** Byte for byte, as latin1: a name need not be UTF-8. */
  readonly path: string
  readonly id: string
  readonly sizeBytes: number
  readonly isLink: boolean
}

/** What a tree holds. */
export interface TreeListing {
  readonly files: readonly TreeFile[]
  readonly submodules: readonly Submodule[]
}

const line = /^(1[026]0\d{3}) (?:blob|commit) ([0-9a-f]+) +(\d+|-)\t(.*)$/s
const listingBytes = 512 * 1024 ** 2

/** All files, links and submodules of a tree, which must have been checked, in git's order. */
export async function listTree(
  objects: Objects,
  tree: string,
  signal: AbortSignal,
): Promise<TreeListing> {
  const options = { maxBytes: listingBytes }
  const listing = await git(objects, ['ls-tree', '-r', '-z', '-l', tree], options, signal)
  const files: TreeFile[] = []
  const submodules: Submodule[] = []
  for (const text of listing.toString('latin1').split('\0')) {
    const [, mode = '', id = '', size = '', path = ''] = line.exec(text) ?? []
    if (path === '') continue
    if (mode === '160000') submodules.push({ path, commit: id })
    else files.push({ path, id, sizeBytes: Number(size), isLink: mode === '120000' })
  }
  return { files, submodules }
}

/** Bytes of all files together. */
export function bytesOf(files: readonly TreeFile[]): number {
  return files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
}
