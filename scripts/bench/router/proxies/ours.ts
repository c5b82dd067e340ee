import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { call } from '#contract/call.ts'
import { putCertificates } from '#contract/certificate.ts'
import type { CallOptions } from '#contract/call.ts'
import type { BodyOf, Endpoint, ReplyOf } from '#contract/endpoint.ts'
import { putTable } from '#contract/route.ts'
import type { RouteTable } from '#contract/route.ts'
import { freePort, proxyCore, start } from '#scripts/bench/router/program.ts'
import type { Program } from '#scripts/bench/router/program.ts'
import type { Setting } from '#scripts/bench/router/setting.ts'
import { programFlags } from '#scripts/platform/program.ts'
import { tableOf } from '#scripts/bench/router/table.ts'
import { offers } from './offers.ts'
import { orStop } from './proxy.ts'
import type { Proxy } from './proxy.ts'

/** The router with what only it is asked. */
export interface Ours extends Proxy {
  readonly transport: string
  /** Puts a table in the place of the one it has. */
  put(table: RouteTable): Promise<void>
  /** As the controller does. */
  call<E extends Endpoint>(target: E, options: CallOptions<E>): Promise<ReplyOf<E>>
}

export interface OursOptions {
  /** How it is called in the table of figures; the folder of its state has the same name. */
  readonly name: string
  readonly env?: Readonly<Record<string, string>>
  /** It has a table from an earlier life. */
  readonly keepsTable?: boolean
}

/** What the router says of itself when it is ready. A feature it has not is not there. */
interface Started {
  readonly port: number
  readonly adminPort: number
  readonly httpsPort?: number
  readonly transport?: string
}

const token = 'only-for-the-benchmark'
const main = join(import.meta.dirname, '../../../../router/main.ts')

/** Starts the router as the supervisor does, with a table for the hosts that the loads ask. */
export async function startOurs(setting: Setting, options: OursOptions): Promise<Ours> {
  const program = start({
    core: proxyCore,
    command: process.execPath,
    args: [...programFlags.router, main],
    env: { ...environment(setting, options.name, await freePort()), ...options.env },
  })
  return orStop(program, ready(program, setting, options))
}

/** Starts a router for some work, and ends it whatever comes of that. */
export async function withOurs<T>(
  started: Promise<Ours>,
  work: (ours: Ours) => Promise<T>,
): Promise<T> {
  const ours = await started
  try {
    return await work(ours)
  } finally {
    await ours.program.stop()
  }
}

async function ready(
  program: Program,
  setting: Setting,
  { name, keepsTable = false }: OursOptions,
): Promise<Ours> {
  const { port, adminPort, httpsPort = 0, transport = 'net' } = await untilStarted(program)
  const peer = { url: `http://127.0.0.1:${adminPort}`, token, program: 'router' }
  const put = async (table: RouteTable): Promise<void> => {
    await call(peer, putTable, { body: table })
  }
  if (!keepsTable) await put(tableOf(setting, { number: 1, hosts: 10, sites: 10 }))
  if (httpsPort !== 0) await call(peer, putCertificates, { body: certificates(setting) })
  const { tls, http2 } = httpsPort === 0 ? { tls: false, http2: false } : await offers(httpsPort)
  return {
    name,
    program,
    httpPort: port,
    httpsPort: tls ? httpsPort : null,
    hasHttp2: http2,
    transport,
    put,
    call: (target, asked) => call(peer, target, asked),
  }
}

function certificates({ certificate }: Setting): BodyOf<typeof putCertificates> {
  const chain = readFileSync(certificate.cert, 'utf8')
  const key = readFileSync(certificate.key, 'utf8')
  const id = createHash('sha256').update(chain).digest('hex')
  const about = { issuer: 'itself', not_after: '2100-01-01T00:00:00Z', automatic: false }
  return { certificates: [{ id, hosts: ['localhost', '*.localhost'], chain, key, ...about }] }
}

function environment({ folder }: Setting, name: string, httpsPort: number): Record<string, string> {
  const state = join(folder, name)
  mkdirSync(join(state, 'keys'), { recursive: true })
  writeFileSync(join(state, 'keys/internal.token'), token)
  return {
    SLIPWAY_STATE: state,
    NODE_COMPILE_CACHE: join(folder, 'cache'),
    SLIPWAY_HTTP_HOST: '127.0.0.1',
    SLIPWAY_HTTP_PORT: '0',
    SLIPWAY_HTTPS_PORT: String(httpsPort),
    SLIPWAY_ROUTER_ADMIN_PORT: '0',
    SLIPWAY_HTTP_CONNECTIONS: '15000',
  }
}

async function untilStarted(program: Program): Promise<Started> {
  for (let tries = 0; tries < 600; tries += 1) {
    const line = program
      .output()
      .split('\n')
      .find((each) => each.includes('"event":"started"') && each.endsWith('}'))
    if (line !== undefined) return JSON.parse(line) as Started
    await sleep(50)
  }
  throw new Error(`the router does not start: ${program.output()}`)
}
