import { readFileSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import { integer, port, SettingError, text } from '#lib/settings.ts'
import type { Environment } from '#lib/settings.ts'
import { challengeTypes } from './acme/challenge.ts'
import type { ChallengeType } from './acme/challenge.ts'

/** How automatic certificates are had. */
export interface AcmeSettings {
  /** URL of the authority's directory. */
  readonly directory: string
  /** Whom the authority writes to. Who sets it agrees to the authority's terms. */
  readonly email: string
  /** Certificates (PEM) to trust besides the usual ones when speaking with it. */
  readonly ca: string | null
  /** One of the kinds of certificate the authority offers. */
  readonly profile: string | null
  /** In the order they are tried. */
  readonly types: readonly ChallengeType[]
  /** Program that writes and removes TXT records; null: no wildcards. */
  readonly dnsHook: string | null
  /** Whether a name must be seen to lead here before it is asked for. */
  readonly looksFirst: boolean
  /** The platform's own domain. */
  readonly domain: string
  readonly budget: Budget
}

/** How many certificates an owner may ask for in seven days. */
export interface Budget {
  readonly orders: number
  /** Of one name. */
  readonly duplicates: number
}

/** What most people take who say nothing. */
const letsEncrypt = 'https://acme-v02.api.letsencrypt.org/directory'

/** Null: there are no automatic certificates. Throws SettingError. */
export function readAcme(env: Environment): AcmeSettings | null {
  const email = text(env, 'SLIPWAY_ACME_EMAIL', '')
  if (email === '') return null
  if (!/^[^\s@]+@[^\s@]+$/.test(email)) {
    throw new SettingError(`SLIPWAY_ACME_EMAIL must be an email address, not "${email}".`)
  }
  const dnsHook = hook(env)
  return {
    directory: directory(env),
    email,
    ca: caBundle(env),
    profile: text(env, 'SLIPWAY_ACME_PROFILE', '') || null,
    types: types(env, dnsHook),
    dnsHook,
    looksFirst: text(env, 'SLIPWAY_ACME_PREFLIGHT', 'on') !== 'off',
    domain: text(env, 'SLIPWAY_DOMAIN', 'localhost').toLowerCase(),
    budget: {
      orders: integer(env, 'SLIPWAY_ACME_ORDERS', 50),
      duplicates: integer(env, 'SLIPWAY_ACME_DUPLICATES', 5),
    },
  }
}

function directory(env: Environment): string {
  const url = text(env, 'SLIPWAY_ACME_DIRECTORY', letsEncrypt)
  if (URL.canParse(url) && url.startsWith('https://')) return url
  throw new SettingError(`SLIPWAY_ACME_DIRECTORY must be an https:// address, not "${url}".`)
}

function caBundle(env: Environment): string | null {
  const path = text(env, 'SLIPWAY_ACME_CA', '')
  if (path === '') return null
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error)
    throw new SettingError(`SLIPWAY_ACME_CA names ${path}, which cannot be read (${code}).`)
  }
}

function hook(env: Environment): string | null {
  const path = text(env, 'SLIPWAY_ACME_DNS_HOOK', '')
  if (path === '' || isAbsolute(path)) return path || null
  throw new SettingError(
    `SLIPWAY_ACME_DNS_HOOK must be the whole path of a program, not "${path}".`,
  )
}

/** Those that are set, less those that nothing here can answer. */
function types(env: Environment, dnsHook: string | null): ChallengeType[] {
  const words = text(env, 'SLIPWAY_ACME_CHALLENGES', challengeTypes.join(',')).split(',')
  const wanted = words.map((word) => word.trim())
  const unknown = wanted.find((word) => !challengeTypes.includes(word as ChallengeType))
  if (unknown !== undefined) {
    const known = challengeTypes.join(', ')
    throw new SettingError(`SLIPWAY_ACME_CHALLENGES may have ${known}, not "${unknown}".`)
  }
  const hasTls = port(env, 'SLIPWAY_HTTPS_PORT', 0) !== 0
  const isAble = { 'http-01': true, 'tls-alpn-01': hasTls, 'dns-01': dnsHook !== null }
  const able = (wanted as ChallengeType[]).filter((type) => isAble[type])
  if (able.length > 0) return able
  throw new SettingError(
    'None of SLIPWAY_ACME_CHALLENGES can be answered: tls-alpn-01 needs SLIPWAY_HTTPS_PORT, dns-01 SLIPWAY_ACME_DNS_HOOK.',
  )
}
