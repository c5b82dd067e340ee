import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { call } from '#contract/call.ts'
import { awaitIdle, putTable } from '#contract/route.ts'
import type { RouteInstance, RouteSettings } from '#contract/route.ts'
import { holdSocket } from '#lib/held-socket.ts'
import { handingOver } from '#router/sockets.ts'
import { row } from './figures.ts'

/**
 * What is lost when instances, or the router, are exchanged under load: `SWAPS` (50) and until
 * `REQUESTS` (50,000) were sent, half of them POST; a gap of `GAP` (10) seconds without any instance;
 * `UPGRADES` (5) routers one after the other.
 */
const swaps = Number(process.env['SWAPS'] ?? 50)
const requests = Number(process.env['REQUESTS'] ?? 50_000)
const gapS = Number(process.env['GAP'] ?? 10)
const upgrades = Number(process.env['UPGRADES'] ?? 5)

const token = 'a-token-for-this-bench'
const state = mkdtempSync(join(tmpdir(), 'slipway-lossless-'))
mkdirSync(join(state, 'keys'))
writeFileSync(join(state, 'keys', 'internal.token'), token)
const sockets = ['http', 'admin'].map((name) => ({
  name,
  ...holdSocket({ host: '127.0.0.1', port: 0 }),
}))
const [front = { port: 0 }, admin = { port: 0 }] = sockets
const router = { url: `http://127.0.0.1:${admin.port}`, token, program: 'router' }
const children = new Set<ChildProcess>()
let number = 0

/** An instance that is gone at once on SIGTERM, as many apps are; it answers what it was sent. */
const instanceCode = `
  const server = require('node:http').createServer((q, s) => { let n = 0; q.on('data', (c) => (n += c.length)); q.on('end', () => setTimeout(() => s.end(String(n)), Math.random() * 4)) });
  server.keepAliveTimeout = 60000; server.listen(0, '127.0.0.1', () => console.log(server.address().port))`

interface Instance extends RouteInstance {
  readonly child: ChildProcess
}

async function startInstance(): Promise<Instance> {
  const child = start(['-e', instanceCode], {}, [])
  const line = await new Promise<Buffer>((resolve) => child.stdout?.once('data', resolve))
  const port = Number(line.toString())
  return { id: `i-${port}-${child.pid}`, release: 1, host: '127.0.0.1', port, child }
}

function start(args: readonly string[], env: NodeJS.ProcessEnv, fds: number[]): ChildProcess {
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit', ...fds],
  })
  children.add(child)
  child.once('exit', () => children.delete(child))
  return child
}

/** A router on the sockets; it takes over from the one that is there. */
async function startRouter(isFirst: boolean): Promise<ChildProcess> {
  const names = sockets.map(({ name }) => name)
  const env = {
    SLIPWAY_STATE: state,
    ...handingOver(names),
    ...(isFirst ? {} : { SLIPWAY_ROUTER_REPLACES: router.url }),
  }
  const main = join(import.meta.dirname, '../../router/main.ts')
  const child = spawn(process.execPath, [main], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe', ...sockets.map(({ fd }) => fd)],
  })
  children.add(child)
  await new Promise<void>((resolve) => {
    child.stderr?.on('data', (chunk: Buffer) => {
      if (chunk.includes('"started"')) resolve()
    })
  })
  return child
}

async function route(instances: readonly Instance[], settings: RouteSettings = {}): Promise<void> {
  number += 1
  const wire = instances.map(({ id, release, host, port }) => ({ id, release, host, port }))
  const site = { app: 'a', environment: 'production', instances: wire, settings }
  const rules = [{ host: 'a.test', site: 'a/production' }]
  await call(router, putTable, { body: { number, sites: [site], rules } })
}

/** The table without the old one, its last request awaited, and SIGTERM in the same breath. */
async function swap(old: Instance, next: Instance): Promise<void> {
  await route([next])
  const { busy } = await call(router, awaitIdle, { body: { instances: [old.id], wait_ms: 10_000 } })
  if (busy.length > 0) throw new Error('an instance did not become idle')
  old.child.kill('SIGTERM')
}

/** Clients that ask without pause over kept connections, every second a POST. */
class Load {
  sent = 0
  slowestMs = 0
  readonly failed: string[] = []
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: 32 })
  readonly #clients: Promise<void>[]
  #isOver = false

  constructor(pauseMs: number) {
    this.#clients = Array.from({ length: 32 }, () => this.#run(pauseMs))
  }

  async stop(): Promise<this> {
    this.#isOver = true
    await Promise.all(this.#clients)
    this.#agent.destroy()
    return this
  }

  async #run(pauseMs: number): Promise<void> {
    while (!this.#isOver) {
      const [since, size] = [performance.now(), this.sent++ % 2 === 0 ? 0 : 2000]
      const answer = await ask(this.#agent, size)
      if (answer !== `200 ${size}`) this.failed.push(answer)
      this.slowestMs = Math.max(this.slowestMs, Math.round(performance.now() - since))
      if (pauseMs > 0) await sleep(pauseMs)
    }
  }
}

function ask(agent: http.Agent, size: number): Promise<string> {
  return new Promise((resolve) => {
    const method = size === 0 ? 'GET' : 'POST'
    const where = { host: '127.0.0.1', port: front.port, headers: { host: 'a.test' } }
    const request = http.request({ ...where, agent, method }, (response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => (text += chunk.toString()))
      response.on('end', () => resolve(`${response.statusCode} ${text.slice(0, 80)}`))
      response.on('error', (error) => resolve(error.message))
    })
    request.on('error', (error) => resolve(error.message))
    request.end(size === 0 ? undefined : 'x'.repeat(size))
  })
}

function report(what: string, { sent, failed, slowestMs }: Load): void {
  console.log(row([what, sent, failed.length, slowestMs]))
  for (const line of failed.slice(0, 5)) console.log(line)
  if (failed.length > 0) process.exitCode = 1
}

try {
  let serving = await startRouter(true)
  let instance = await startInstance()
  await route([instance])
  console.log(row(['under load', 'requests', 'failed', 'slowest, ms']))
  console.log(row(['---', '---', '---', '---']))

  const swapping = new Load(0)
  let done = 0
  while (done < swaps || swapping.sent < requests) {
    const next = await startInstance()
    await swap(instance, next)
    instance = next
    done += 1
  }
  report(`${done} swaps`, await swapping.stop())

  const hold: RouteSettings = { hold_ms: (gapS + 20) * 1000 }
  await route([instance], hold)
  const holding = new Load(20)
  await sleep(500)
  await route([], hold)
  await call(router, awaitIdle, { body: { instances: [instance.id], wait_ms: 10_000 } })
  instance.child.kill('SIGTERM')
  await sleep(gapS * 1000)
  instance = await startInstance()
  await route([instance], hold)
  await sleep(500)
  report(`a gap of ${gapS} s`, await holding.stop())

  await route([instance])
  const upgrading = new Load(0)
  for (let i = 0; i < upgrades; i += 1) {
    await sleep(500)
    const next = await startRouter(false)
    serving = next
  }
  await sleep(500)
  report(`${upgrades} routers`, await upgrading.stop())
  void serving
} finally {
  for (const child of children) child.kill('SIGKILL')
  for (const socket of sockets) socket.close()
  rmSync(state, { recursive: true, force: true })
}
