import { createHmac, randomBytes } from 'node:crypto'
import type { Reply } from '#router/proxy/reply.ts'
import type { Site } from '#router/table/site.ts'
import type { Asked } from './asked.ts'
import { isPassword } from './password.ts'
import { Recent } from './recent.ts'
import { Turnstile } from './turnstile.ts'

interface Credential {
  readonly user: string
  readonly password: string
}

const credentialLimit = 1024
/** For one site that is tried with wrong passwords; who comes after these is told to come again. */
const queueLimit = 32
/** One thread hashes at a time, for all sites: they take turns. */
const hashing = new Turnstile(1, Infinity)
const doors = new WeakMap<Site, Turnstile>()

/** Credentials that were right, or wrong, as digests that only we can make. */
const right = new Recent(10_000)
const wrong = new Recent(1000)
const key = randomBytes(32)

/**
 * Whether a request names a user of its site and the password; what is answered if not. Only a
 * credential that was not seen before takes time, and a thread that is not ours. A name that is
 * unknown takes as long as one that is known.
 */
export function authOf(site: Site, asked: Asked): Reply | null | Promise<Reply | null> {
  const { auth } = site.settings
  if (auth === undefined) return null
  const credential = readCredential(asked.field('authorization') ?? '')
  const known = auth.find(({ user }) => user === credential?.user)
  const hash = (known ?? auth[0])?.hash
  if (credential === null || hash === undefined) return unauthorized(site)
  const digest = digestOf(credential, hash)
  if (known !== undefined && right.has(digest)) return null
  if (wrong.has(digest)) return unauthorized(site)
  const checking = doorOf(site).pass(() => hashed(credential.password, hash))
  return (
    checking?.then((isRight) => {
      const mayPass = isRight && known !== undefined
      ;(mayPass ? right : wrong).add(digest)
      return mayPass ? null : unauthorized(site)
    }) ?? tooMany
  )
}

function hashed(password: string, hash: string): Promise<boolean> {
  return hashing.pass(() => isPassword(password, hash)) ?? Promise.resolve(false)
}

function doorOf(site: Site): Turnstile {
  const door = doors.get(site) ?? new Turnstile(1, queueLimit)
  doors.set(site, door)
  return door
}

function readCredential(field: string): Credential | null {
  const encoded = /^basic +([\w+/=-]+) *$/i.exec(field)?.[1]
  if (encoded === undefined || encoded.length > credentialLimit) return null
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  return colon < 0 ? null : { user: text.slice(0, colon), password: text.slice(colon + 1) }
}

/** Bound to the hash: after a change of the password the digest is another one. */
function digestOf({ user, password }: Credential, hash: string): string {
  const mac = createHmac('sha256', key)
  for (const part of [hash, user, password]) mac.update(`${Buffer.byteLength(part)}:${part}`)
  return mac.digest('base64')
}

function unauthorized({ app }: Site): Reply {
  const fields = `WWW-Authenticate: Basic realm="${app}", charset="UTF-8"\r\n`
  return { status: 401, fields, body: null, code: null }
}

const tooMany: Reply = { status: 429, fields: 'Retry-After: 10\r\n', body: null, code: null }
