import { failure } from '#contract/error.ts'
import { findApp } from '#controller/app/find.ts'
import type { Config } from '#controller/config.ts'
import { type Claim, claimsBelow, claimsOn } from '#controller/store/domains.ts'
import type { AppRow, Store } from '#controller/store/tables.ts'
import { wildcardBase, wildcardOver } from './host.ts'

export type Platform = Pick<Config, 'domain' | 'git' | 'apiUrl'>

/** Who claims a host for which app. */
export interface Claimant {
  readonly app: AppRow
  readonly user: { readonly id: string; readonly admin: boolean }
}

/** The host an app is given when it is made. */
export function platformHost({ domain }: Pick<Config, 'domain'>, app: string): string {
  return `${app}.${domain}`
}

/**
 * Throws HOST_RESERVED for names of the platform, which administrators alone may give away, and
 * HOST_TAKEN for what leads to an app already.
 *
 * A wildcard and the names it covers belong to the same people: who claims one must be able to work
 * on the apps of the others. Whose a name is in DNS is not asked here.
 */
export async function refuseClaim(
  db: Store,
  platform: Platform,
  claimant: Claimant,
  host: string,
): Promise<void> {
  const isOwn = host === platformHost(platform, claimant.app.name)
  if (!isOwn && !claimant.user.admin && isReserved(platform, host)) {
    throw failure('HOST_RESERVED', { host })
  }
  const [same] = await claimsOn(db, [host])
  if (same !== undefined) throw await taken(db, claimant, same)
  for (const other of await overlapping(db, host)) {
    if ((await findApp(db, claimant.user, other.app_id)) === undefined) throw covered(other, host)
  }
}

/** The platform's own names, what is below its domain, and wildcards that would cover any of it. */
function isReserved({ domain, git, apiUrl }: Platform, host: string): boolean {
  const api = apiUrl === null ? [] : [new URL(apiUrl).hostname]
  const name = wildcardBase(host) ?? host
  if (name === domain || name.endsWith(`.${domain}`)) return true
  return [domain, git.host, ...api].some((own) => own === host || wildcardOver(own) === host)
}

/** What an exact host takes from a wildcard, or a wildcard from exact hosts to come. */
function overlapping(db: Store, host: string): Promise<Claim[]> {
  const base = wildcardBase(host)
  return base === undefined ? claimsOn(db, [wildcardOver(host)]) : claimsBelow(db, base)
}

/** Names the app only to those who may know of it. */
async function taken(db: Store, { app, user }: Claimant, { host, app_id }: Claim): Promise<Error> {
  if (app_id === app.id) {
    const next = `Nothing is left to do; look at it with \`app domains -a ${app.name}\``
    return failure('HOST_TAKEN', { host, owner: `"${app.name}"`, next })
  }
  const other = await findApp(db, user, app_id)
  if (other === undefined) {
    const next = 'Ask the owner of the domain to remove it there, or an administrator'
    return failure('HOST_TAKEN', { host, owner: 'an app that is not yours', next })
  }
  const next = `Remove it there first: \`app domains:remove ${host} -a ${other.name}\``
  return failure('HOST_TAKEN', { host, owner: `"${other.name}"`, next })
}

function covered(other: Claim, host: string): Error {
  const wildcard = wildcardBase(host) === undefined ? other.host : host
  return failure('HOST_TAKEN', {
    host: other.host,
    owner: 'an app that is not yours',
    next: `${wildcard} and the names it covers must belong to the same people; ask an administrator`,
  })
}
