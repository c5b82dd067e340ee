import { createPrivateKey } from 'node:crypto'
import type { Vault } from '#controller/seal.ts'
import { acmeAccount, putAcmeAccount } from '#controller/store/certificates.ts'
import type { Store } from '#controller/store/tables.ts'
import { keyPem, makeKey } from '#lib/x509.ts'
import { AccountKey } from './acme/account-key.ts'
import { AcmeClient } from './acme/client.ts'
import { AcmeProblem } from './acme/problem.ts'
import { openWire } from './acme/wire.ts'
import type { AcmeSettings } from './settings.ts'

export interface AuthorityDeps {
  readonly db: Store
  readonly vault: Pick<Vault, 'sealText' | 'unsealText'>
  readonly now: () => Date
}

/** The authority, spoken with as our one account there, which is made when it is first needed. */
export interface Authority {
  /** Does something as the account; makes it anew, once, when the authority has lost it. */
  ask<T>(task: (client: AcmeClient) => Promise<T>, signal: AbortSignal): Promise<T>
  close(): void
}

export function openAuthority(deps: AuthorityDeps, settings: AcmeSettings): Authority {
  const wire = openWire(settings.ca)
  let opening: Promise<AcmeClient> | null = null

  const client = async (signal: AbortSignal): Promise<AcmeClient> => {
    const key = await knownKey(deps, settings)
    const made = new AcmeClient(wire, settings.directory, key.account)
    if (key.url === null) await register(made, key.pem, signal)
    else made.useAccount(key.url)
    return made
  }
  const register = async (made: AcmeClient, pem: string, signal: AbortSignal): Promise<void> => {
    const url = await made.register(settings.email, signal)
    await keep(deps, settings.directory, { url, pem })
  }
  const open = async (signal: AbortSignal): Promise<AcmeClient> => {
    opening ??= client(signal)
    try {
      return await opening
    } catch (error) {
      opening = null
      throw error
    }
  }

  return {
    ask: async (task, signal) => {
      const known = await open(signal)
      try {
        return await task(known)
      } catch (error) {
        const isLost = error instanceof AcmeProblem && error.kind === 'accountDoesNotExist'
        if (!isLost) throw error
        await register(known, (await knownKey(deps, settings)).pem, signal)
        return task(known)
      }
    },
    close: () => wire.close(),
  }
}

interface KnownKey {
  readonly account: AccountKey
  readonly pem: string
  /** Null: the authority does not know it yet. */
  readonly url: string | null
}

async function knownKey(
  { db, vault }: AuthorityDeps,
  { directory }: AcmeSettings,
): Promise<KnownKey> {
  const row = await acmeAccount(db, directory)
  if (row === undefined) {
    const key = await makeKey()
    return { account: new AccountKey(key), pem: keyPem(key), url: null }
  }
  const pem = vault.unsealText(placeOf(directory), row.key)
  return { account: new AccountKey(createPrivateKey(pem)), pem, url: row.url }
}

async function keep(
  { db, vault, now }: AuthorityDeps,
  directory: string,
  { url, pem }: { readonly url: string; readonly pem: string },
): Promise<void> {
  const key = vault.sealText(placeOf(directory), pem)
  await putAcmeAccount(db, { directory, url, key, created_at: now().toISOString() })
}

function placeOf(directory: string): string {
  return `acme-account:${directory}`
}
