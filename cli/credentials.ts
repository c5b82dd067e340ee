import { mkdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { failure } from '#contract/error.ts'
import { writeDurably } from '#lib/durable.ts'
import type { Environment } from '#lib/settings.ts'

/** Who we are at one server. */
export interface Account {
  readonly email: string
  readonly token: string
}

/** Tokens are kept by server, so that none is ever shown to another. */
export interface Credentials {
  /** The one last logged in to. */
  readonly server: string
  readonly accounts: Readonly<Record<string, Account>>
}

export const defaultServer = 'http://localhost:8000'

/** `$XDG_CONFIG_HOME/slipway/credentials.json`, below `~/.config` unless told. */
export function credentialsPath(env: Environment, home: string): string {
  return join(env['XDG_CONFIG_HOME'] || join(home, '.config'), 'slipway', 'credentials.json')
}

/** What is stored; nothing when there is no file. Throws CREDENTIALS_BROKEN. */
export async function readCredentials(path: string): Promise<Credentials> {
  const text = await readIfThere(path)
  if (text === undefined) return { server: defaultServer, accounts: {} }
  try {
    return checked(JSON.parse(text))
  } catch (cause) {
    throw failure('CREDENTIALS_BROKEN', { path }, { cause })
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? ''
    if (reason === 'ENOENT') return undefined
    throw failure('FILE_UNREADABLE', { path, reason }, { cause })
  }
}

function checked(value: Partial<Credentials>): Credentials {
  const { server, accounts } = value
  const isWhole =
    typeof server === 'string' &&
    typeof accounts === 'object' &&
    Object.values(accounts).every(({ email, token }) => isText(email) && isText(token))
  if (!isWhole) throw new TypeError('not credentials')
  return { server, accounts }
}

const isText = (value: unknown): boolean => typeof value === 'string'

export async function accountAt(path: string, server: string): Promise<Account | undefined> {
  return (await readCredentials(path)).accounts[server]
}

/** Keeps an account and makes its server the usual one. */
export async function remember(path: string, server: string, account: Account): Promise<void> {
  const { accounts } = await readCredentials(path)
  await write(path, { server, accounts: { ...accounts, [server]: account } })
}

/** Forgets the account at a server; what is not there is no error. */
export async function forget(path: string, server: string): Promise<void> {
  const stored = await readCredentials(path)
  if (stored.accounts[server] === undefined) return
  const { [server]: _gone, ...accounts } = stored.accounts
  await write(path, { ...stored, accounts })
}

async function write(path: string, credentials: Credentials): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  await writeDurably(path, `${JSON.stringify(credentials, null, 2)}\n`, 0o600)
}
