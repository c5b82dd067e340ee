import type { AuthContext, Connection } from 'ssh2'
import { SlipwayError } from '#contract/error.ts'
import type { SshKey } from '#lib/ssh-key.ts'
import { readCredential, type Credential } from './keys/credential.ts'

export interface User {
  readonly id: string
  readonly email: string
}

/**
 * Who is on the other side. `unknown` when the controller could not be asked: the key's signature is
 * good, but whose it is nobody knows, so such a connection hears why and gets nothing else.
 */
export type Identity =
  | { readonly kind: 'user'; readonly user: User }
  | { readonly kind: 'unknown'; readonly reason: SlipwayError }

export type FindUser = (credential: Credential) => Promise<User | null>

/** What decides whom we let in. */
export interface Doorkeeper {
  readonly findUser: FindUser
  /** Keys whose certificates we believe. */
  readonly authorities: readonly SshKey[]
}

/** Failed attempts after which a connection is closed; an agent may hold several keys. */
const attempts = 6

/** Lets in whoever signs with a key we know, as user `git`; calls back once. */
export function authenticate(
  connection: Connection,
  doorkeeper: Doorkeeper,
  onReady: (identity: Identity) => void,
): void {
  const known = new Map<string, Promise<Identity | null>>()
  let failures = 0

  const judge = async (context: AuthContext): Promise<void> => {
    if (context.method === 'none') return context.reject(['publickey'])
    const identity = await identify(context, known, doorkeeper)
    if (identity === null) {
      failures += 1
      context.reject(['publickey'])
      if (failures >= attempts) connection.end()
      return
    }
    if (isSigned(context)) connection.once('ready', () => onReady(identity))
    context.accept()
  }
  connection.on('authentication', (context) => {
    judge(context).catch(() => context.reject(['publickey']))
  })
}

async function identify(
  context: AuthContext,
  known: Map<string, Promise<Identity | null>>,
  { findUser, authorities }: Doorkeeper,
): Promise<Identity | null> {
  if (context.method !== 'publickey' || context.username !== 'git') return null
  const credential = readCredential(context, authorities, new Date())
  if (credential === null) return null
  const { fingerprint } = credential
  // Asked twice per key: once whether it would do, once with the signature.
  const asked = known.get(fingerprint) ?? ask(credential, findUser)
  known.set(fingerprint, asked)
  return asked
}

async function ask(credential: Credential, findUser: FindUser): Promise<Identity | null> {
  try {
    const user = await findUser(credential)
    return user === null ? null : { kind: 'user', user }
  } catch (error) {
    if (error instanceof SlipwayError) return { kind: 'unknown', reason: error }
    throw error
  }
}

function isSigned(context: AuthContext): boolean {
  return context.method === 'publickey' && context.signature !== undefined
}
