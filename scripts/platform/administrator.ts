import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { logIn, setUp } from '#contract/account.ts'
import { call } from '#contract/call.ts'
import type { Peer } from '#contract/call.ts'
import { SlipwayError } from '#contract/error.ts'
import { writeDurably } from '#lib/durable.ts'
import { apiUrl, keyPath } from './settings.ts'
import type { Platform } from './settings.ts'

export interface Administrator {
  readonly email: string
  readonly api: Peer & { readonly token: string }
}

/**
 * The first administrator, made by the secret that lies on this host; its password and token are kept
 * beside the keys. Undefined when the platform has another one, whose password we do not know.
 */
export async function openAdministrator(platform: Platform): Promise<Administrator | undefined> {
  const email = `admin@${platform.domain}`
  const peer = { url: apiUrl(platform), program: 'controller' }
  const kept = keyPath(platform, 'admin.token')
  if (!existsSync(kept)) {
    const password = await ownPassword(keyPath(platform, 'admin.password'))
    const token = await firstToken(platform, peer, { email, password })
    if (token === undefined) return undefined
    await writeDurably(kept, `${token}\n`)
  }
  return { email, api: { ...peer, token: readFileSync(kept, 'utf8').trim() } }
}

async function firstToken(
  platform: Platform,
  peer: Peer,
  { email, password }: { email: string; password: string },
): Promise<string | undefined> {
  const secret = readFileSync(keyPath(platform, 'setup.secret'), 'utf8').trim()
  const authorization = `Basic ${Buffer.from(`${email}:${password}`).toString('base64')}`
  try {
    const made = await call(peer, setUp, { body: { secret, email, password } })
    return made.access_token.token
  } catch (error) {
    if (!(error instanceof SlipwayError) || error.code !== 'SETUP_DONE') throw error
  }
  try {
    const made = await call(peer, logIn, { body: {}, headers: { authorization } })
    return made.access_token.token
  } catch (error) {
    if (error instanceof SlipwayError && error.code === 'LOGIN_WRONG') return undefined
    throw error
  }
}

async function ownPassword(path: string): Promise<string> {
  if (!existsSync(path)) await writeDurably(path, `${randomBytes(18).toString('base64url')}\n`)
  return readFileSync(path, 'utf8').trim()
}
