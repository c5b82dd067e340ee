import { BlockList, isIP } from 'node:net'
import type { EdgeChange } from '#contract/edge.ts'
import { failure } from '#contract/error.ts'
import { ofEdge, hashPassword } from '#controller/member/password.ts'
import { recordDeed } from '#controller/store/audit.ts'
import { edgeOf, keepEdge } from '#controller/store/edge.ts'
import type { Store } from '#controller/store/tables.ts'
import type { Place } from './domains.ts'
import { type Edge, readEdge } from './settings.ts'

export interface EdgeDeps {
  readonly db: Store
  readonly now: () => Date
}

type Hashes = ReadonlyMap<string, string | null>

const usersLimit = 50
const pageBytes = 65_536
/** What browsers' lists of HSTS hosts ask for: a year. */
const preloadSeconds = 31_536_000

/** What is set for an environment. */
export async function currentEdge(db: Store, environmentId: string): Promise<Edge> {
  return readEdge(await edgeOf(db, environmentId))
}

/**
 * Changes what the router does for an environment; a change that changes nothing is not recorded.
 *
 * Throws EDGE_INVALID with the reason, and then nothing has happened.
 */
export async function changeEdge(
  { db, now }: EdgeDeps,
  { app, environment, user }: Omit<Place, 'user'> & { user: { email: string } },
  change: EdgeChange,
): Promise<Edge> {
  refusePages(change)
  const hashes = await hashed(change.auth ?? {})
  const at = now().toISOString()
  return db.transaction().execute(async (trx) => {
    const before = await currentEdge(trx, environment.id)
    const after = applied(before, change, hashes)
    const keys = changedKeys(before, after)
    if (keys.length === 0) return before
    await keepEdge(trx, environment.id, JSON.stringify(after), at)
    const { maintenance, https } = after
    const detail = { keys, maintenance, https }
    const deed = { actor: user.email, action: 'edge.set', target: app.name, detail }
    await recordDeed(trx, { at, ...deed })
    return after
  })
}

function applied(before: Edge, change: EdgeChange, hashes: Hashes): Edge {
  const { auth: _passwords, limits, allow, ...rest } = change
  const after = {
    ...before,
    ...rest,
    limits: { ...before.limits, ...limits },
    allow: allow === undefined ? before.allow : [...new Set(allow.map(readRange))],
    auth: withUsers(before.auth, hashes),
  }
  refuseHsts(after)
  return after
}

function changedKeys(before: Edge, after: Edge): string[] {
  const names = Object.keys(after) as (keyof Edge)[]
  return names.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]))
}

function withUsers(before: Edge['auth'], hashes: Hashes): Edge['auth'] {
  const users = new Map<string, string | null>(before.map(({ user, hash }) => [user, hash]))
  for (const [user, hash] of hashes) {
    if (hash === null && !users.has(user)) throw wrong(`there is no user "${user}"`)
    users.set(user, hash)
  }
  const kept = [...users].flatMap(([user, hash]) => (hash === null ? [] : [{ user, hash }]))
  if (kept.length > usersLimit) throw wrong(`${usersLimit} users are the most`)
  return kept
}

/** Outside of any transaction: it takes long on purpose. */
async function hashed(passwords: Readonly<Record<string, string | null>>): Promise<Hashes> {
  const users = Object.entries(passwords)
  if (users.length > usersLimit) throw wrong(`${usersLimit} users are the most`)
  for (const [user] of users) refuseUser(user)
  const hashes = new Map<string, string | null>()
  for (const [user, password] of users) {
    hashes.set(user, password === null ? null : await hashPassword(password, ofEdge))
  }
  return hashes
}

/** Basic authentication ends the name at its first colon. */
function refuseUser(user: string): void {
  if (/^[^\p{Cc}:]{1,64}$/u.test(user)) return
  throw wrong('a user has 1 to 64 characters, and no colon among them')
}

/** `10.0.0.0/8`, `2001:db8::/32`; an address alone is a range of one. Throws EDGE_INVALID. */
function readRange(text: string): string {
  const [address = '', bits, more] = text.trim().split('/')
  const family = isIP(address)
  const width = family === 6 ? 128 : 32
  const length = bits === undefined ? width : /^\d{1,3}$/.test(bits) ? Number(bits) : Number.NaN
  if (family === 0 || more !== undefined || !(length <= width) || address.includes('%')) {
    throw wrong(`"${text.slice(0, 64)}" is neither an address nor a range such as 203.0.113.0/24`)
  }
  // Throws for what it does not take: then the router would not either.
  new BlockList().addSubnet(address, length, family === 6 ? 'ipv6' : 'ipv4')
  return `${address.toLowerCase()}/${length}`
}

function refusePages({ maintenance_page: maintenance, error_page: error }: EdgeChange): void {
  for (const page of [maintenance, error]) {
    const size = Buffer.byteLength(page ?? '')
    if (size > pageBytes) throw wrong(`a page may have ${pageBytes} bytes, this has ${size}`)
  }
}

function refuseHsts({ hsts }: Edge): void {
  if (hsts?.preload !== true) return
  if (hsts.include_subdomains && hsts.max_age >= preloadSeconds) return
  throw wrong('HSTS with preload must include subdomains and last a year or more')
}

function wrong(reason: string): Error {
  return failure('EDGE_INVALID', { reason })
}
