import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { connect } from 'node:tls'
import type { PeerCertificate } from 'node:tls'
import type { Test } from 'tap'
import { createApp } from '#contract/app.ts'
import { addDomain } from '#contract/domain.ts'
import { startCertificates } from '#controller/certificate/certificates.ts'
import type { Certificates } from '#controller/certificate/certificates.ts'
import { readAcme } from '#controller/certificate/settings.ts'
import type { AcmeSettings } from '#controller/certificate/settings.ts'
import { automaticNames } from '#controller/store/certificates.ts'
import type { AutomaticNameRow } from '#controller/store/tables.ts'
import type { Log } from '#lib/log.ts'
import { openAdmin } from '#router/admin/server.ts'
import { openProxy } from '#router/proxy/proxy.ts'
import { Routes } from '#router/table/routes.ts'
import { certificateCalls } from '#router/tls/calls.ts'
import { openTls } from '#router/tls/tls.ts'
import type { Tls } from '#router/tls/tls.ts'
import { startPlatform } from '#test/controller/platform.ts'
import type { Caller, Platform } from '#test/controller/platform.ts'

const token = 'the-token-of-the-programs'

/** The certificates' side of a router: real sockets, nothing behind them. */
export interface Edge {
  readonly tls: Tls
  readonly port: number
  readonly securePort: number
  readonly adminUrl: string
  /** Names whose requests get lost on the way here. */
  readonly lost: Set<string>
  close(): Promise<void>
}

export async function openEdge(t: Test, folder: string): Promise<Edge> {
  const bugs: unknown[] = []
  const log: Log = { info: () => {}, warn: () => {}, error: (_, error) => void bugs.push(error) }
  const tls = await openTls({
    folder: join(folder, 'certificates'),
    contexts: 10,
    selfSignedFor: null,
    isKeeper: true,
    log,
  })
  const lost = new Set<string>()
  const where = { host: '127.0.0.1', port: 0 }
  const proxy = await openProxy({
    address: where,
    secure: { address: where, tls: { certificates: tls } },
    routes: new Routes(),
    log,
    challenge: (host, token) => (lost.has(host) ? null : tls.challengeAnswer(host, token)),
  })
  const admin = await openAdmin({ where, token, calls: certificateCalls(tls), log })
  let closed: Promise<void> | undefined
  const close = async (): Promise<void> => {
    await admin.close()
    await proxy.close(0)
    await tls.close()
  }
  t.teardown(() => (closed ??= close()))
  t.teardown(() => {
    if (bugs.length > 0) throw new Error('the router met a bug', { cause: bugs[0] })
  })
  return {
    tls,
    lost,
    port: proxy.port,
    securePort: proxy.securePort,
    adminUrl: `http://127.0.0.1:${admin.port}`,
    close: () => (closed ??= close()),
  }
}

/** A controller and a router, with certificates between them. */
export interface Rig {
  readonly platform: Platform
  readonly certificates: Certificates
  /** Makes an app with these domains. */
  app(owner: Caller, name: string, ...hosts: string[]): Promise<void>
  /** What is kept with a name. */
  state(name: string): Promise<AutomaticNameRow | undefined>
  /** Kicks and looks until it holds; throws after 20 s. */
  until(what: string, holds: () => boolean | Promise<boolean>): Promise<void>
  /** What the apps' logs were told. */
  readonly told: string[]
}

export interface RigOptions {
  readonly edge: Edge
  readonly env?: Record<string, string>
  readonly now?: () => Date
}

export async function openRig(
  t: Test,
  { edge, env = {}, now = () => new Date() }: RigOptions,
): Promise<Rig> {
  const told: string[] = []
  const acme: AcmeSettings | null = readAcme({ SLIPWAY_DOMAIN: 'platform.test', ...env })
  let certificates: Certificates | undefined
  const kick = (): void => certificates?.kick()
  const config = { SLIPWAY_DOMAIN: 'platform.test', ...env }
  const platform = await startPlatform(t, { now, kick, certificates: { acme, kick } }, config)
  const { db, vault, log } = platform.deps
  const router = { url: edge.adminUrl, token, program: 'router' }
  const logs = {
    event: (_: string, from: string, text: string) => void told.push(`${from}: ${text}`),
  }
  const reach = { port: edge.port, lookup: here }
  certificates = startCertificates({ db, vault, router, logs, log, now, acme, reach })
  const running = certificates
  // Before the platform closes its database.
  t.teardown(() => running.close())
  const state = async (name: string): Promise<AutomaticNameRow | undefined> =>
    (await automaticNames(db)).find((row) => row.name === name)
  return {
    platform,
    certificates,
    told,
    state,
    app: async (owner, name, ...hosts) => {
      await owner(createApp, { body: { name } })
      for (const hostname of hosts) {
        await owner(addDomain, { params: { app: name }, body: { hostname } })
      }
    },
    until: async (what, holds) => {
      const late = Date.now() + 20_000
      while (!(await holds())) {
        if (Date.now() > late) throw new Error(`never: ${what}; ${platform.logged.join('\n')}`)
        running.kick()
        await pause(50)
      }
    },
  }
}

/** Every name is this host. */
function here(
  _name: string,
  options: { all?: boolean | undefined },
  done: (
    error: null,
    address: string | { address: string; family: number }[],
    family?: number,
  ) => void,
): void {
  if (options.all === true) done(null, [{ address: '127.0.0.1', family: 4 }])
  else done(null, '127.0.0.1', 4)
}

/** The certificate a client is shown for a name; null when the handshake is refused. */
export function shown(port: number, servername: string): Promise<PeerCertificate | null> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', servername, rejectUnauthorized: false })
    socket.once('secureConnect', () => {
      resolve(socket.getPeerCertificate())
      socket.destroy()
    })
    socket.once('error', () => resolve(null))
    socket.once('close', () => resolve(null))
  })
}

/** What a program that stands in for the operator's writes into a file. */
export function linesOf(path: string): string[] {
  return readFileSync(path, 'utf8').trim().split('\n')
}
