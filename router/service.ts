import type { WhyCertificate } from '#contract/route.ts'
import type { Log } from '#lib/log.ts'
import { adminCalls } from './admin/calls.ts'
import type { Call } from './admin/calls.ts'
import type { Config } from './config.ts'
import { orSay } from './listen-fault.ts'
import type { Farewell } from './processes/ending.ts'
import type { Keeper } from './processes/keeper.ts'
import type { Routes } from './table/routes.ts'
import { certificateCalls } from './tls/calls.ts'
import { openTls } from './tls/tls.ts'
import type { CertificateInfo, Tls } from './tls/tls.ts'
import { openNetwork } from './transport/choose.ts'
import { watchCalls } from './watch/calls.ts'
import { LastCounts } from './watch/last-counts.ts'
import type { Receipts } from './watch/receipts.ts'
import { startWatch } from './watch/start.ts'
import type { Watch } from './watch/watch.ts'

/** What serves the world, here or in workers. */
export interface Service {
  readonly port: number
  /** 0: not over TLS. */
  readonly httpsPort: number
  /** How connections are carried: `net`, `handle`. */
  readonly transport: string
  /**
   * Takes no more connections, in this very turn, and lets requests and tunnels end. May be called
   * again, with another farewell.
   */
  close(farewell: Farewell): Promise<void>
}

/** All that a serving process has before it serves. */
export interface Prepared {
  /** What can be asked of it, and told to it. */
  readonly calls: readonly Call[]
  readonly receipts: Receipts
  readonly lastCounts: LastCounts
  /** Listens for the world. Throws SettingError when that cannot be. */
  open(): Promise<Service>
  /** Writes nothing from here on, and returns when nothing is being written any more. */
  rest(): Promise<void>
}

export interface PrepareDeps {
  readonly config: Config
  /** What we prove to the controller who we are with. */
  readonly token: string
  readonly routes: Routes
  /** Keeps the table over a restart. */
  readonly keeper: Keeper
  readonly log: Log
}

export async function prepare(deps: PrepareDeps): Promise<Prepared> {
  const { config, token, routes, keeper, log } = deps
  const { controllerUrl, accessLog, workerSocket } = config
  const tls = await openTls({ ...config.tls, isKeeper: workerSocket === null, log })
  const certificates = (): Iterable<CertificateInfo> => tls.certificates()
  const watch = startWatch({ controllerUrl, accessLog, token, routes, certificates, log })
  const certificate = (serverName: string): WhyCertificate | undefined =>
    whyCertificate(tls.certificateOf(serverName))
  const admin = adminCalls({ routes, file: keeper, log, certificate })
  const { receipts } = watch
  const lastCounts = new LastCounts(receipts)
  return {
    calls: [...admin, ...certificateCalls(tls), ...watchCalls(watch), lastCounts.call],
    receipts,
    lastCounts,
    open: () => openService(deps, tls, watch),
    rest: async () => {
      await Promise.all([keeper.rest(), tls.close()])
    },
  }
}

async function openService(
  { config, routes, log }: PrepareDeps,
  tls: Tls,
  watch: Watch,
): Promise<Service> {
  // Not loaded in a main process that leaves serving to workers.
  const { openProxy } = await import('./proxy/proxy.ts')
  const { http, https, connections, bodyBytes, trusted, proxyProtocol } = config
  const onBug = (error: unknown): void => log.error('proxy.bug', error)
  const { network, kind, reason } = await openNetwork(config.transport, onBug, {
    tls: https !== null,
  })
  if (config.transport === 'auto' && kind === 'net') log.warn('transport.slow', { reason })
  const opening = openProxy({
    address: http,
    ...(https === null ? {} : { secure: { address: https, tls: { certificates: tls } } }),
    routes,
    log,
    limits: { connections, bodyBytes },
    network,
    observer: watch,
    ...(trusted === null ? {} : { trusted }),
    challenge: (host, path) => tls.challengeAnswer(host, path),
    proxyProtocol,
  })
  const proxy = await orSayWhich(opening, config)
  return {
    port: proxy.port,
    httpsPort: proxy.securePort,
    transport: kind,
    close: async ({ graceMs, restMs }) => {
      await proxy.close(graceMs, restMs)
      await watch.close()
    },
  }
}

/** As `orSay`, of two addresses. */
async function orSayWhich<T>(opening: Promise<T>, { http, https }: Config): Promise<T> {
  const failed = await opening.then(
    () => null,
    (error: unknown) => error as { port?: number },
  )
  const isSecure = https !== null && 'port' in https && failed?.port === https.port
  if (isSecure) return await orSay(opening, https, 'SLIPWAY_HTTPS_PORT')
  return await orSay(opening, http, 'SLIPWAY_HTTP_PORT')
}

function whyCertificate(info: CertificateInfo | null): WhyCertificate | undefined {
  if (info === null) return undefined
  const { names, issuer, not_after: expires_at } = info
  return { names: [...names], issuer, expires_at }
}
