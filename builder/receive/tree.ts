import { streamGit, type Objects } from '#builder/git.ts'
import { Refused } from '#builder/refused.ts'
import { sizeText } from '#builder/units.ts'
import { checkLinks, type Link } from './links.ts'
import { checkModes } from './modes.ts'
import { nameText } from './name.ts'

export interface TreeLimits {
  readonly entries: number
  readonly depth: number
  readonly pathBytes: number
  readonly linkBytes: number
  readonly submodules: number
  /** Of all files together. */
  readonly totalBytes: number
}

/** A tree as a push may have it; the size is a setting. */
export const treeShape = {
  entries: 200_000,
  depth: 100,
  pathBytes: 1024,
  linkBytes: 4096,
  submodules: 100,
} as const satisfies Omit<TreeLimits, 'totalBytes'>

/** A place in a tree where a commit of another repository belongs. */
export interface Submodule {
  /** Byte for byte, as latin1. */
  readonly path: string
  readonly commit: string
}

/** What a tree that passed is made of. */
export interface TreeSummary {
  readonly files: number
  readonly sizeBytes: number
  readonly submodules: readonly Submodule[]
}

/**
 * Looks at a pushed tree before anything is written to disk.
 *
 * Stock git lets through trees that must not be checked out, and a few kilobytes can name 10^10
 * files: the listing is read as it comes, and git is stopped at the first entry too many. Throws
 * Refused with a sentence that names what is wrong.
 */
export async function checkTree(
  objects: Objects,
  commit: string,
  limits: TreeLimits,
  signal: AbortSignal,
): Promise<TreeSummary> {
  const seen = { entries: 0, files: 0, sizeBytes: 0 }
  const links: Link[] = []
  const submodules: Submodule[] = []
  const trees = new Set<string>()
  const look = (entry: Entry): void => {
    checkEntry(entry, limits)
    seen.entries += 1
    seen.sizeBytes += entry.sizeBytes
    if (seen.entries > limits.entries) throw tooMany(limits.entries)
    if (seen.sizeBytes > limits.totalBytes) throw tooLarge(limits.totalBytes)
    if (entry.mode === '040000') trees.add(entry.id)
    else seen.files += 1
    if (entry.mode === '120000') links.push(entry)
    if (entry.mode === '160000') submodules.push({ path: entry.path, commit: entry.id })
    if (submodules.length > limits.submodules) throw tooManySubmodules(limits.submodules)
  }
  await list(objects, commit, signal, look)
  await checkModes(objects, [`${commit}^{tree}`, ...trees], signal)
  await checkLinks(objects, links, signal)
  return { files: seen.files, sizeBytes: seen.sizeBytes, submodules }
}

interface Entry extends Link {
  readonly mode: string
  readonly sizeBytes: number
}

async function list(
  objects: Objects,
  commit: string,
  signal: AbortSignal,
  onEntry: (entry: Entry) => void,
): Promise<void> {
  const args = ['ls-tree', '-r', '-t', '-z', '-l', '--full-tree', commit]
  let rest = ''
  await streamGit(objects, args, {}, signal, (chunk) => {
    // latin1 keeps every byte of a path; a name need not be UTF-8.
    const parts = (rest + chunk.toString('latin1')).split('\0')
    rest = parts.pop() ?? ''
    for (const part of parts) onEntry(readEntry(part))
    if (rest.length > 1024 ** 2) throw new Refused('check', 'a path is endless', renameIt)
  })
}

const line = /^(\d{6}) (\w+) ([0-9a-f]+) +(\d+|-)\t(.*)$/s

function readEntry(text: string): Entry {
  const [, mode = '', , id = '', size = '', path = ''] = line.exec(text) ?? []
  return { mode, id, sizeBytes: size === '-' ? 0 : Number(size), path }
}

const fileModes = new Set(['040000', '100644', '100664', '100755', '120000', '160000'])
const renameIt = 'Rename it, commit, and push again.'

function checkEntry({ mode, path, sizeBytes }: Entry, limits: TreeLimits): void {
  const name = nameText(path)
  if (!fileModes.has(mode)) throw new Refused('check', `${name} is no file or directory`, renameIt)
  if (Buffer.byteLength(path, 'latin1') > limits.pathBytes) {
    throw new Refused('check', `a path is longer than ${limits.pathBytes} bytes: ${name}`, renameIt)
  }
  const parts = path.split('/')
  if (parts.length > limits.depth) throw tooDeep(limits.depth, name)
  if (parts.some(isForbidden)) throw new Refused('check', `${name} is no name we take`, renameIt)
  if (mode === '120000' && sizeBytes > limits.linkBytes) {
    throw new Refused('check', `the symbolic link ${name} is too long`, renameIt)
  }
}

/** Fsck refuses these as well; this is the last look before a checkout. */
function isForbidden(part: string): boolean {
  return part === '' || part === '.' || part === '..' || part.toLowerCase() === '.git'
}

/** Also said of a commit with its submodules. */
export function tooMany(entries: number): Refused {
  return new Refused('check', `the commit has more than ${entries} files and directories`, leaveOut)
}

/** Also said of those that submodules have in turn. */
export function tooManySubmodules(most: number): Refused {
  const hint = 'Commit the files of some into this repository instead (git subtree add).'
  return new Refused('check', `the commit has more than ${most} submodules`, hint)
}

export function tooLarge(bytes: number): Refused {
  return new Refused('check', `the commit's files are larger than ${sizeText(bytes)}`, leaveOut)
}

function tooDeep(depth: number, name: string): Refused {
  return new Refused('check', `directories are nested deeper than ${depth}: ${name}`, leaveOut)
}

const leaveOut = 'Take out what the app does not need (dependencies, data, build output).'
