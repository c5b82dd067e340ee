import { randomBytes, randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { Assert } from 'typebox/value'
import { call, type CallOptions, type Peer } from '#contract/call.ts'
import type { Endpoint, ReplyOf } from '#contract/endpoint.ts'
import { readConfig } from '#controller/config.ts'
import { openNews } from '#controller/deploy/news.ts'
import type { Deps } from '#controller/http/deps.ts'
import type { Http } from '#controller/http/serve.ts'
import { startServer } from '#controller/http/server.ts'
import { grantToken } from '#controller/member/grant.ts'
import { openVault } from '#controller/seal.ts'
import { openStore } from '#controller/store/open.ts'
import { insertUser } from '#controller/store/users.ts'
import { openLog } from '#lib/log.ts'

export const setupSecret = 'the-secret-of-the-set-up'
const internalToken = 'the-token-of-the-programs'

/** A controller without a loop: real HTTP, real SQLite, nothing of the engine. */
export interface Platform {
  readonly deps: Deps
  readonly folder: string
  readonly url: string
  /** JSON lines it logged. */
  readonly logged: string[]
  /** How often the loop was kicked. */
  readonly kicks: () => number
  /** A user with a token, made without the door. */
  readonly user: (email: string, options?: { admin?: boolean }) => Promise<Caller>
  /** Closes it before the test ends. */
  readonly close: () => Promise<void>
  readonly nobody: Caller
  readonly builder: Caller
}

/** Calls endpoints as somebody; an answer that is not what the contract says fails the test. */
export interface Caller {
  readonly id: string
  readonly peer: Peer
  <E extends Endpoint>(endpoint: E, options?: CallOptions<E>): Promise<ReplyOf<E>>
}

export async function startPlatform(
  t: Test,
  changes: Partial<Deps> = {},
  env: Record<string, string> = {},
  rooms: readonly ((http: Http) => void)[] = [],
): Promise<Platform> {
  const folder = t.testdir()
  const logged: string[] = []
  let kicks = 0
  const outputs = join(folder, 'outputs')
  mkdirSync(outputs)
  const db = await openStore(join(folder, 'slipway.db'))
  const deps: Deps = {
    db,
    vault: openVault(randomBytes(32).toString('base64')),
    log: openLog('controller', (line) => void logged.push(line)),
    now: () => new Date(),
    config: readConfig({ SLIPWAY_API_PORT: '0', ...env }),
    outputs,
    internalToken,
    setupSecret,
    news: openNews(),
    kick: () => void (kicks += 1),
    certificates: { acme: null, kick: () => void (kicks += 1) },
    foreignSubnets: async () => [],
    lookUp: async () => [],
    router: { url: 'http://127.0.0.1:1', token: internalToken, program: 'router' },
    builder: { url: 'http://127.0.0.1:1', token: internalToken, program: 'builder' },
    ...changes,
  }
  const server = await startServer(deps, rooms)
  let closed: Promise<void> | undefined
  const close = (): Promise<void> => (closed ??= server.close().then(() => db.destroy()))
  t.teardown(close)
  return {
    deps,
    folder,
    logged,
    url: server.url,
    kicks: () => kicks,
    user: (email, options) => addUser(deps, server.url, email, options?.admin ?? false),
    close,
    nobody: caller(server.url, undefined),
    builder: caller(server.url, internalToken),
  }
}

async function addUser({ db }: Deps, url: string, email: string, admin: boolean): Promise<Caller> {
  const now = new Date()
  const id = randomUUID()
  const row = { id, email, password_hash: 'none', admin: admin ? 1 : 0 }
  await insertUser(db, { ...row, created_at: now.toISOString() })
  const { access_token } = await grantToken(db, row, { now })
  return caller(url, access_token.token, id)
}

function caller(url: string, token: string | undefined, id = ''): Caller {
  const peer: Peer = { url, token, program: 'controller' }
  const as = async <E extends Endpoint>(
    endpoint: E,
    options?: CallOptions<E>,
  ): Promise<ReplyOf<E>> => {
    const answer = await call(peer, endpoint, options)
    if (endpoint.reply !== undefined) Assert(endpoint.reply, answer)
    return answer
  }
  return Object.assign(as, { id, peer })
}
