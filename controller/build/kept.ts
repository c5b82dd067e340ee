import { deploymentsInPlay } from '#controller/store/deployments.ts'
import { allEnvironments } from '#controller/store/environments.ts'
import { digestsOf, newestDigests } from '#controller/store/builds.ts'
import type { Store } from '#controller/store/tables.ts'

/**
 * Digests of an environment that collection leaves alone: of its newest slugs, and of whatever serves or
 * is on its way. To the others nobody can roll back any more.
 */
export async function keptOf(
  db: Store,
  environmentId: string,
  keptSlugs: number,
): Promise<Set<string>> {
  const newest = await newestDigests(db, environmentId, keptSlugs)
  const inPlay = await deploymentsInPlay(db, environmentId)
  const slugs = inPlay.map(({ slug_id }) => slug_id).filter((id) => id !== null)
  return new Set([...newest, ...(await digestsOf(db, slugs))])
}

/** Of all environments, in order. */
export async function keptDigests(db: Store, keptSlugs: number): Promise<string[]> {
  const kept = new Set<string>()
  for (const { id } of await allEnvironments(db)) {
    for (const digest of await keptOf(db, id, keptSlugs)) kept.add(digest)
  }
  return [...kept].toSorted()
}
