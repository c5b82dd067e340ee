import type { Objects } from '#builder/git.ts'
import { Refused } from '#builder/refused.ts'
import { nameText } from './name.ts'
import { readObjects } from './objects.ts'

export interface Link {
  readonly path: string
  /** Object that holds the target. */
  readonly id: string
}

const targetLimitBytes = 4096

/** Throws Refused for the first symbolic link that leads out of the tree. */
export async function checkLinks(
  objects: Objects,
  links: readonly Link[],
  signal: AbortSignal,
): Promise<void> {
  const ids = links.map(({ id }) => id)
  const targets = new Map<string, string>()
  await readObjects(objects, ids, targetLimitBytes, signal, (content, index) => {
    const path = links[index]?.path ?? ''
    const target = content.toString('latin1')
    targets.set(path, target)
    if (staysInside(path, target)) return
    const message = `the symbolic link ${nameText(path)} leads out of the app (${nameText(target)})`
    throw new Refused('check', message, 'Make it relative and let it point to a file of the app.')
  })
  const loop = links.find(({ path }) => isLoop(path, targets))
  if (loop === undefined) return
  const message = `the symbolic link ${nameText(loop.path)} leads in a circle`
  throw new Refused('check', message, 'Take it out, commit, and push again.')
}

/** The kernel follows so many links before it gives up. */
const mostHops = 40

/** Whether what a link names can never be reached, since one link leads to the next for ever. */
export function isLoop(path: string, targets: ReadonlyMap<string, string>): boolean {
  const rest = path.split('/')
  const at: string[] = []
  let hops = 0
  for (let part = rest.shift(); part !== undefined; part = rest.shift()) {
    if (part === '' || part === '.') continue
    if (part === '..') at.pop()
    else at.push(part)
    const target = targets.get(at.join('/'))
    if (target === undefined) continue
    hops += 1
    if (hops > mostHops) return true
    at.pop()
    rest.unshift(...target.split('/'))
  }
  return false
}

/**
 * Whether a link can never lead out of its tree, whatever the other links are.
 *
 * It may climb at its beginning only, and no higher than the root: then each further part is a name
 * inside the tree, and what that name links to stays inside for the same reason.
 */
export function staysInside(path: string, target: string): boolean {
  if (target === '' || target.startsWith('/') || target.includes('\0')) return false
  const parts = target.split('/').filter((part) => part !== '' && part !== '.')
  const firstName = parts.findIndex((part) => part !== '..')
  const climbs = firstName < 0 ? parts.length : firstName
  const depth = path.split('/').length - 1
  return climbs <= depth && !parts.slice(climbs).includes('..')
}
