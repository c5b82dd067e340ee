import type { Objects } from '#builder/git.ts'
import { Refused } from '#builder/refused.ts'
import { readObjects } from './objects.ts'

/** The modes a tree may have; 100664 is what early versions of git wrote, 160000 is a submodule. */
const known = new Set(['40000', '100644', '100664', '100755', '120000', '160000'])
const treeLimitBytes = 64 * 1024 ** 2

/**
 * Checks the modes as they stand in the trees. Git's own listing tidies them up first: a 106755 looks like
 * 100755 there.
 */
export async function checkModes(
  objects: Objects,
  trees: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  await readObjects(objects, trees, treeLimitBytes, signal, (tree) => {
    let entries = 0
    for (const mode of modesOf(tree)) {
      if (!known.has(mode)) throw new Refused('check', `a file has the mode ${mode}`, fix)
      entries += 1
    }
    if (entries > mostEntries) throw tooWide()
  })
}

const fix = 'Set it anew: git update-index --chmod=-x FILE, commit, and push again.'

/** In one directory; programs that list it take them all at once. */
const mostEntries = 65_536

function tooWide(): Refused {
  const message = `a directory has more than ${mostEntries} files and directories`
  return new Refused('check', message, 'Spread them over several directories.')
}

/** Our repositories are SHA-1, so a name takes 20 bytes. */
const idBytes = 20

function* modesOf(tree: Buffer): Generator<string> {
  for (let at = 0; at < tree.length;) {
    const space = tree.indexOf(32, at)
    const end = tree.indexOf(0, space)
    if (space < 0 || end < 0) throw new RangeError('malformed tree')
    yield tree.subarray(at, space).toString('latin1')
    at = end + 1 + idBytes
  }
}
