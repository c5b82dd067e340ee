import { execFileSync, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { call } from '#contract/call.ts'
import type { Peer } from '#contract/call.ts'
import { changeTable, getTableNumber, putTable } from '#contract/route.ts'
import type { RouteRule, RouteSite, RouteTable } from '#contract/route.ts'
import { TableFile } from '#router/table/disk.ts'
import { Routes } from '#router/table/routes.ts'
import { median, row, timed } from './figures.ts'

/**
 * The router's table with 100,000 hosts beside one with 10, each host an app of its own with one
 * instance: one look-up, memory, one change through the admin address, and the start from disk.
 */
const [few, many] = [10, 100_000]
const finds = 1_000_000
const changes = 200
const token = 'only-for-the-benchmark'
const mib = 1024 ** 2

const [, , inside, countText = ''] = process.argv
if (inside === 'inside') await look(Number(countText))
else await compare()

function siteOf(n: number, release = 1): RouteSite {
  const host = `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`
  const instance = { id: `slw-main-app-${n}-1a2b3c4d-web-${release}`, release, host, port: 5000 }
  return { app: `app-${n}`, environment: 'production', instances: [instance] }
}

function ruleOf(n: number): RouteRule {
  return { host: `app-${n}.example.org`, site: `app-${n}/production` }
}

function tableOf(count: number): RouteTable {
  const numbers = Array.from({ length: count }, (_, n) => n)
  return { number: 1, sites: numbers.map((n) => siteOf(n)), rules: numbers.map(ruleOf) }
}

/** In a process of its own, that has nothing but the table it reads from disk. */
async function look(count: number): Promise<void> {
  const { gc } = globalThis as { gc?: () => void }
  const routes = new Routes()
  gc?.()
  const before = process.memoryUsage()
  await new TableFile(String(process.argv[4])).restore(routes)
  gc?.()
  const after = process.memoryUsage()
  // As a request has it: bytes, of which a text is made that nobody has seen before.
  const hosts = Buffer.from(
    Array.from({ length: count }, (_, n) => ruleOf((n * 7919) % count).host.padEnd(32)).join(''),
  )
  const rounds = [0, 1, 2].map(() => findAll(routes, hosts, count))
  const heap = after.heapUsed - before.heapUsed
  const rss = after.rss - before.rss
  process.stdout.write(JSON.stringify({ heap, rss, findNs: median(rounds) }))
}

function findAll(routes: Routes, hosts: Buffer, count: number): number {
  const startedAt = performance.now()
  let found = 0
  for (let i = 0; i < finds; i += 1) {
    const at = (i % count) * 32
    const end = hosts.indexOf(32, at)
    if (routes.find(hosts.toString('latin1', at, end), '/') !== undefined) found += 1
  }
  if (found !== finds) throw new Error(`${finds - found} hosts were not found`)
  return ((performance.now() - startedAt) * 1e6) / finds
}

async function compare(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'hosts-'))
  try {
    const [small, large] = [await measure(folder, few), await measure(folder, many)]
    console.log(row(['', `${few} hosts`, `${many} hosts`]))
    console.log(row(['---', '---', '---']))
    for (const [name, value] of Object.entries(small))
      console.log(row([name, value.toFixed(1), (large[name] ?? NaN).toFixed(1)]))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function measure(folder: string, count: number): Promise<Record<string, number>> {
  const state = join(folder, String(count))
  mkdirSync(join(state, 'keys'), { recursive: true })
  writeFileSync(join(state, 'keys', 'internal.token'), token)
  const first = await open(state)
  const putMs = await timed(() => call(first.peer, putTable, { body: tableOf(count) }))
  const took = await change(first.peer, count)
  await first.stop()
  const startedAt = performance.now()
  const second = await open(state)
  const startMs = performance.now() - startedAt
  const { number } = await call(second.peer, getTableNumber)
  await second.stop()
  if (number !== 1 + changes) throw new Error(`table ${number} came from disk`)
  const path = join(state, 'router', 'table.json')
  const args = ['--expose-gc', import.meta.filename, 'inside', String(count), path]
  const { heap, rss, findNs } = JSON.parse(
    execFileSync(process.execPath, args, { encoding: 'utf8' }),
  ) as { heap: number; rss: number; findNs: number }
  return {
    'one look-up, ns': findNs,
    'heap of the table, MiB': heap / mib,
    'RSS of the table, MiB': rss / mib,
    'one change, median ms': median(took),
    'one change, longest ms': Math.max(...took),
    'whole table put, ms': putMs,
    'start from disk until it answers, ms': startMs,
  }
}

/** A deploy as the router sees it: one site has another instance. */
async function change(peer: Peer, count: number): Promise<number[]> {
  const took: number[] = []
  for (let i = 1; i <= changes; i += 1) {
    const site = siteOf((i * 7919) % count, 1 + i)
    const nothing = { rules: [], gone_sites: [], gone_rules: [] }
    const body = { after: i, number: i + 1, sites: [site], ...nothing }
    took.push(await timed(() => call(peer, changeTable, { body })))
  }
  return took
}

interface Router {
  readonly peer: Peer
  stop(): Promise<void>
}

async function open(state: string): Promise<Router> {
  const main = join(import.meta.dirname, '../../router/main.ts')
  const env = {
    ...process.env,
    SLIPWAY_STATE: state,
    SLIPWAY_HTTP_HOST: '127.0.0.1',
    SLIPWAY_HTTP_PORT: '0',
    SLIPWAY_ROUTER_ADMIN_PORT: '0',
  }
  const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'ignore', 'pipe'] })
  const url = `http://127.0.0.1:${await adminPort(child)}`
  return {
    peer: { url, token, program: 'router' },
    stop: async () => {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGTERM')
      await ended
    },
  }
}

async function adminPort(child: ChildProcess): Promise<number> {
  let words = ''
  child.stderr?.on('data', (chunk: Buffer) => (words += chunk.toString()))
  for (let tries = 0; tries < 2000; tries += 1) {
    const port = /"event":"started".*"adminPort":(\d+)/.exec(words)?.[1]
    if (port !== undefined) return Number(port)
    await sleep(5)
  }
  throw new Error(words)
}
