import ssh2 from 'ssh2'
import type { AuthContext, Connection, PublicKeyAuthContext } from 'ssh2'
import { SlipwayError } from '#contract/error.ts'
import { fingerprintOf } from './fingerprint.ts'

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

export type FindUser = (fingerprint: string) => Promise<User | null>

/** Failed attempts after which a connection is closed; an agent may hold several keys. */
const attempts = 6

/** Lets in whoever signs with a key we know, as user `git`; calls back once. */
export function authenticate(
  connection: Connection,
  findUser: FindUser,
  onReady: (identity: Identity) => void,
): void {
  const known = new Map<string, Promise<Identity | null>>()
  let failures = 0

  const judge = async (context: AuthContext): Promise<void> => {
    if (context.method === 'none') return context.reject(['publickey'])
    const identity = await identify(context, known, findUser)
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
  findUser: FindUser,
): Promise<Identity | null> {
  if (context.method !== 'publickey' || context.username !== 'git') return null
  if (!isStrong(context) || !isGenuine(context)) return null
  const fingerprint = fingerprintOf(context.key.data)
  // Asked twice per key: once whether it would do, once with the signature.
  const asked = known.get(fingerprint) ?? ask(fingerprint, findUser)
  known.set(fingerprint, asked)
  return asked
}

async function ask(fingerprint: string, findUser: FindUser): Promise<Identity | null> {
  try {
    const user = await findUser(fingerprint)
    return user === null ? null : { kind: 'user', user }
  } catch (error) {
    if (error instanceof SlipwayError) return { kind: 'unknown', reason: error }
    throw error
  }
}

/** RSA must be signed with SHA-2; ssh2 calls SHA-1 by no hash name. */
function isStrong({ key, hashAlgo }: PublicKeyAuthContext): boolean {
  return key.algo === 'ssh-ed25519' || (key.algo === 'ssh-rsa' && hashAlgo !== undefined)
}

function isSigned(context: AuthContext): boolean {
  return context.method === 'publickey' && context.signature !== undefined
}

/** True for a mere question whether a key would do; else whether the signature is the key's. */
function isGenuine({ key, signature, blob, hashAlgo }: PublicKeyAuthContext): boolean {
  if (signature === undefined) return true
  const parsed = ssh2.utils.parseKey(`${key.algo} ${key.data.toString('base64')}`)
  if (parsed instanceof Error || blob === undefined) return false
  const one = Array.isArray(parsed) ? parsed[0] : parsed
  return one?.verify(blob, signature, hashAlgo) === true
}
