import { isIP } from 'node:net'
import { join } from 'node:path'
import { bytes, integer, port, SettingError, text } from '#lib/settings.ts'
import type { Environment } from '#lib/settings.ts'
import { defaultLimits } from './proxy/limits.ts'
import { networkFault, Networks } from './rules/networks.ts'
import { inheritedSockets } from './sockets.ts'
import type { Sockets } from './sockets.ts'
import { readTlsConfig } from './tls/config.ts'
import type { TlsConfig } from './tls/config.ts'
import { transportChoices } from './transport/choose.ts'
import type { TransportChoice } from './transport/choose.ts'
import type { Address, Where } from './transport/transport.ts'

export interface Config {
  /** Where the world's requests arrive. */
  readonly http: Where
  /** The same over TLS; null: nowhere. */
  readonly https: Where | null
  /** Where the controller tells us its table; never reachable from outside the host. */
  readonly admin: Where
  readonly tokenPath: string
  readonly tablePath: string
  /** Sockets over which our processes ask each other: of workers, and of those that drain. */
  readonly workersDir: string
  readonly drainingDir: string
  /** Base URL of the controller, which keeps the logs of apps. */
  readonly controllerUrl: string
  /** File of JSON lines of all requests; null: none. */
  readonly accessLog: string | null
  /** Connections from clients at the same time. */
  readonly connections: number
  /** Of a request's body, in bytes, unless an app sets its own. */
  readonly bodyBytes: number
  /** Proxies whose word on who asks is believed; null: there are none. */
  readonly trusted: Networks | null
  /** Connections begin with the PROXY protocol. */
  readonly proxyProtocol: boolean
  readonly transport: TransportChoice
  readonly tls: TlsConfig
  /** Processes that serve; 1: this one. */
  readonly workers: number
  /** The socket over which the main process asks this one; null: this is the main process. */
  readonly workerSocket: string | null
  /** Base URL of the router in service, which this one takes over from; null: there is none. */
  readonly replaces: string | null
  /** How long a router that was replaced lets requests and tunnels end. */
  readonly drainMs: number
}

/** Throws SettingError. */
export function readConfig(env: Environment): Config {
  const state = text(env, 'SLIPWAY_STATE', '/var/lib/slipway')
  const sockets = inheritedSockets(env)
  const { http, https, admin } = addresses(env)
  return {
    http: inherited(sockets, 'http') ?? http,
    https: inherited(sockets, 'https') ?? https,
    admin: inherited(sockets, 'admin') ?? admin,
    tokenPath: join(state, 'keys', 'internal.token'),
    tablePath: join(state, 'router', 'table.json'),
    workersDir: join(state, 'router', 'workers'),
    drainingDir: join(state, 'router', 'draining'),
    controllerUrl: text(env, 'SLIPWAY_CONTROLLER_URL', 'http://127.0.0.1:8000'),
    accessLog: text(env, 'SLIPWAY_ACCESS_LOG', '') || null,
    connections: integer(env, 'SLIPWAY_HTTP_CONNECTIONS', defaultLimits.connections),
    bodyBytes: bytes(env, 'SLIPWAY_BODY_LIMIT', 0) || Infinity,
    trusted: networks(env, 'SLIPWAY_TRUSTED_PROXIES'),
    proxyProtocol: choice(env, 'SLIPWAY_PROXY_PROTOCOL', ['off', 'on']) === 'on',
    transport: choice(env, 'SLIPWAY_ROUTER_TRANSPORT', transportChoices),
    tls: readTlsConfig(env),
    workers: workers(env),
    workerSocket: text(env, 'SLIPWAY_ROUTER_WORKER', '') || null,
    replaces: text(env, 'SLIPWAY_ROUTER_REPLACES', '') || null,
    drainMs: integer(env, 'SLIPWAY_ROUTER_DRAIN_S', 60) * 1000,
  }
}

export interface Addresses {
  readonly http: Address
  readonly https: Address | null
  readonly admin: Address
}

/** Where the router listens when nobody hands sockets to it. Throws SettingError. */
export function addresses(env: Environment): Addresses {
  const host = ipAddress(env, 'SLIPWAY_HTTP_HOST', '0.0.0.0')
  const https = port(env, 'SLIPWAY_HTTPS_PORT', 0)
  return {
    http: { host, port: port(env, 'SLIPWAY_HTTP_PORT', 8080) },
    https: https === 0 ? null : { host, port: https },
    admin: { host: '127.0.0.1', port: port(env, 'SLIPWAY_ROUTER_ADMIN_PORT', 8001) },
  }
}

function inherited(sockets: Sockets, name: string): Where | undefined {
  const fd = sockets.get(name)
  return fd === undefined ? undefined : { fd }
}

function workers(env: Environment): number {
  const count = integer(env, 'ROUTER_WORKERS', 1)
  if (count >= 1 && count <= 64) return count
  throw new SettingError(`ROUTER_WORKERS must be a number from 1 to 64, not "${count}".`)
}

/** One of these words; the first unless told. */
function choice<T extends string>(env: Environment, name: string, words: readonly T[]): T {
  const value = text(env, name, words[0])
  const found = words.find((word) => word === value)
  if (found !== undefined) return found
  throw new SettingError(`${name} must be ${words.join(' or ')}, not "${value}".`)
}

/** Addresses and networks (`10.0.0.0/8`), with commas between; null: none. */
function networks(env: Environment, name: string): Networks | null {
  const entries = text(env, name, '')
    .split(',')
    .map((entry) => entry.trim())
    .filter(Boolean)
  const fault = entries.map(networkFault).find((one) => one !== null)
  if (fault !== undefined) throw new SettingError(`${name}: ${fault}.`)
  return entries.length === 0 ? null : new Networks(entries)
}

function ipAddress(env: Environment, name: string, fallback: string): string {
  const value = text(env, name, fallback)
  if (isIP(value) !== 0) return value
  throw new SettingError(`${name} must be an IP address, not "${value}".`)
}
