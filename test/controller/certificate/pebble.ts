import { execFileSync, spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Test } from 'tap'
import { keyPem, makeKey, selfSigned, toPem } from '#lib/x509.ts'

/** Why these tests cannot run here; false when they can. */
export const lacking = spawnSync('go', ['version']).error === undefined ? false : 'go is not here'

export interface PebbleOptions {
  /** Where it validates `http-01` and `tls-alpn-01`. */
  readonly httpPort: number
  readonly tlsPort: number
  /** Of a hundred requests, how many nonces are refused; 5 unless told. */
  readonly nonceRejects?: number
  readonly lifeSeconds?: number
}

/** A certificate authority, and the DNS it asks, in which every name is this host. */
export interface Pebble {
  readonly directory: string
  /** A file with the certificate its API is trusted by. */
  readonly ca: string
  /** Base URL of the DNS server's own API. */
  readonly dns: string
  /** Says when a certificate (PEM) is to be renewed. */
  wish(chain: string, window: { start: Date; end: Date }): Promise<void>
  /** Ends the authority, with all it knows; `start` begins a new one on the same port. */
  stop(): Promise<void>
  start(): Promise<void>
}

/** A folder that goes with the test; `t.testdir` would give the same one to all who ask. */
export function scratch(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'certificates-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

const root = join(import.meta.dirname, '../../..')

export async function openPebble(t: Test, options: PebbleOptions): Promise<Pebble> {
  const programs = execFileSync(join(root, 'scripts/pebble'), { encoding: 'utf8' }).trim()
  const folder = scratch(t)
  const [api, management, dns, dnsApi] = await freePorts(4)
  const key = await makeKey()
  const [from, until] = [new Date(Date.now() - 86_400_000), new Date(Date.now() + 86_400_000)]
  const about = { subject: 'pebble', names: ['localhost'], from, until }
  const ca = join(folder, 'ca.pem')
  writeFileSync(ca, toPem('CERTIFICATE', selfSigned(about, key)))
  writeFileSync(join(folder, 'key.pem'), keyPem(key))
  const life = { description: 'of this test', validityPeriod: options.lifeSeconds ?? 7_776_000 }
  const settings = {
    listenAddress: `127.0.0.1:${api}`,
    managementListenAddress: `127.0.0.1:${management}`,
    certificate: ca,
    privateKey: join(folder, 'key.pem'),
    httpPort: options.httpPort,
    tlsPort: options.tlsPort,
    ocspResponderURL: '',
    externalAccountBindingRequired: false,
    domainBlocklist: ['blocked.example.test'],
    retryAfter: { authz: 1, order: 1 },
    keyAlgorithm: 'ecdsa',
    profiles: { default: life },
  }
  const config = join(folder, 'pebble.json')
  writeFileSync(config, JSON.stringify({ pebble: settings }))
  const env = {
    PATH: process.env['PATH'],
    PEBBLE_VA_NOSLEEP: '1',
    PEBBLE_AUTHZREUSE: '0',
    PEBBLE_WFE_NONCEREJECT: String(options.nonceRejects ?? 5),
  }
  const dnsArgs = [
    '-defaultIPv4',
    '127.0.0.1',
    '-defaultIPv6',
    '',
    '-dnsserver',
    `127.0.0.1:${dns}`,
  ]
  const others = ['-http01', '', '-https01', '', '-tlsalpn01', '', '-doh', '']
  const dnsServer = spawn(
    join(programs, 'pebble-challtestsrv'),
    [...dnsArgs, ...others, '-management', `127.0.0.1:${dnsApi}`],
    { env, stdio: 'ignore' },
  )
  t.teardown(() => dnsServer.kill('SIGKILL'))
  const directory = `https://localhost:${api}/dir`
  let authority: ChildProcess | undefined
  const stop = async (): Promise<void> => {
    if (authority === undefined || authority.exitCode !== null) return
    authority.kill('SIGKILL')
    await once(authority, 'exit')
    authority = undefined
  }
  const start = async (): Promise<void> => {
    const args = ['-config', config, '-dnsserver', `127.0.0.1:${dns}`]
    authority = spawn(join(programs, 'pebble'), args, { env, stdio: 'ignore' })
    await answers(directory, settings)
  }
  t.teardown(stop)
  await start()
  return {
    directory,
    ca,
    dns: `http://127.0.0.1:${dnsApi}`,
    stop,
    start,
    wish: async (chain, { start: begin, end }) => {
      const window = { start: begin.toISOString(), end: end.toISOString() }
      const body = { certificate: chain, ariResponse: JSON.stringify({ suggestedWindow: window }) }
      const url = `https://localhost:${management}/set-renewal-info/`
      const status = await send(url, 'POST', JSON.stringify(body))
      if (status !== 200) throw new Error(`pebble answered ${status}`)
    },
  }
}

async function answers(url: string, { listenAddress }: { listenAddress: string }): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    if ((await send(url, 'GET').catch(() => 0)) === 200) return
    await pause(50)
  }
  throw new Error(`pebble does not answer on ${listenAddress}`)
}

function send(url: string, method: string, body = ''): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { 'user-agent': 'test' }
    const how = { method, headers, rejectUnauthorized: false, agent: false } as const
    const sent = request(url, how, (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0))
    })
    sent.on('error', reject).end(body)
  })
}

/** Ports that were free a moment ago. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  for (const server of servers) server.close()
  return ports
}
