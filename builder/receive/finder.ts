import type { Peer } from '#contract/call.ts'
import { SlipwayError } from '#contract/error.ts'
import { findKey } from '#contract/push.ts'
import { findPrincipal } from '#contract/ssh.ts'
import { ask } from '#builder/ask.ts'
import type { FindUser, User } from './authentication.ts'

const findMs = 10_000

/** Asks the controller whose key it is, or whom a certificate stands for; null when it knows nobody. */
export function finderIn(controller: Peer): FindUser {
  return async (credential) => {
    if (credential.kind === 'key') return ofKey(controller, credential.fingerprint)
    const found = new Map<string, User>()
    for (const principal of credential.principals) {
      const user = await ofPrincipal(controller, principal)
      if (user !== null) found.set(user.id, user)
    }
    const [user] = found.values()
    // Who may be several people is nobody.
    return found.size === 1 && user !== undefined ? user : null
  }
}

function ofKey(controller: Peer, fingerprint: string): Promise<User | null> {
  const options = { params: { fingerprint } }
  return orNull(ask(controller, findKey, options, AbortSignal.timeout(findMs)))
}

function ofPrincipal(controller: Peer, principal: string): Promise<User | null> {
  if (principal === '' || principal.length > 254) return Promise.resolve(null)
  const options = { params: { principal } }
  return orNull(ask(controller, findPrincipal, options, AbortSignal.timeout(findMs)))
}

async function orNull(answer: Promise<{ readonly user: User }>): Promise<User | null> {
  try {
    return (await answer).user
  } catch (error) {
    if (error instanceof SlipwayError && error.code === 'KEY_NOT_FOUND') return null
    throw error
  }
}
