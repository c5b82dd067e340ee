import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { call } from '#contract/call.ts'
import { awaitIdle, putTable } from '#contract/route.ts'
import type { RouteInstance } from '#contract/route.ts'
import { holdSocket } from '#lib/held-socket.ts'
import { handingOver } from '#router/sockets.ts'

/** Says back how much it was sent, echoes after an upgrade, and is gone at once on SIGTERM. */
const instanceCode = `
  const server = require('node:http').createServer((q, s) => { let n = 0; q.on('data', (c) => (n += c.length)); q.on('end', () => setTimeout(() => s.end(String(n)), Math.random() * 4)) });
  server.on('upgrade', (q, s) => { s.on('error', () => {}); s.write('HTTP/1.1 101 Up\\r\\nConnection: Upgrade\\r\\nUpgrade: echo\\r\\n\\r\\n'); s.pipe(s) });
  server.keepAliveTimeout = 60000; server.listen(0, '127.0.0.1', () => console.log(server.address().port))`

interface Instance extends RouteInstance {
  readonly child: ChildProcess
}

/** A router of two workers on sockets that stay, and the one instance behind it. */
export class SoakPlace {
  readonly port: number
  /** Of the router in service. */
  routerPid = 0
  readonly #state = mkdtempSync(join(tmpdir(), 'slipway-soak-'))
  readonly #sockets = ['http', 'admin'].map((name) => ({
    name,
    ...holdSocket({ host: '127.0.0.1', port: 0 }),
  }))
  readonly #peer: { url: string; token: string; program: string }
  readonly #children = new Set<ChildProcess>()
  #instance: Instance | null = null
  #number = 0

  constructor() {
    const [front, admin] = this.#sockets
    const token = 'a-token-for-this-bench'
    this.port = front?.port ?? 0
    this.#peer = { url: `http://127.0.0.1:${admin?.port}`, token, program: 'router' }
    mkdirSync(join(this.#state, 'keys'))
    writeFileSync(join(this.#state, 'keys', 'internal.token'), token)
  }

  /** Starts the first router, or one that takes over. */
  async startRouter(): Promise<void> {
    const env = {
      SLIPWAY_STATE: this.#state,
      ROUTER_WORKERS: '2',
      ...handingOver(this.#sockets.map(({ name }) => name)),
      ...(this.routerPid === 0 ? {} : { SLIPWAY_ROUTER_REPLACES: this.#peer.url }),
    }
    const main = join(import.meta.dirname, '../../../router/main.ts')
    const fds = this.#sockets.map(({ fd }) => fd)
    const child = this.#spawn([main], env, ['ignore', 'ignore', 'pipe', ...fds])
    await new Promise<void>((resolve) => {
      child.stderr?.on('data', (chunk: Buffer) => {
        if (chunk.includes('"started"')) resolve()
      })
    })
    this.routerPid = child.pid ?? 0
  }

  /** The next instance takes the place of the last, which is ended when its last request is. */
  async swap(): Promise<void> {
    const next = await this.#startInstance()
    const last = this.#instance
    this.#instance = next
    await this.#route(next)
    if (last === null) return
    await call(this.#peer, awaitIdle, {
      body: { instances: [last.id], wait_ms: 10_000, tunnels: true },
    })
    last.child.kill('SIGTERM')
  }

  close(): void {
    for (const child of this.#children) child.kill('SIGKILL')
    for (const socket of this.#sockets) socket.close()
    rmSync(this.#state, { recursive: true, force: true, maxRetries: 5 })
  }

  async #route({ id, release, host, port }: Instance): Promise<void> {
    this.#number += 1
    const instances = [{ id, release, host, port }]
    const sites = [{ app: 'a', environment: 'production', instances }]
    const rules = [{ host: 'a.test', site: 'a/production' }]
    await call(this.#peer, putTable, { body: { number: this.#number, sites, rules } })
  }

  async #startInstance(): Promise<Instance> {
    const child = this.#spawn(['-e', instanceCode], {}, ['ignore', 'pipe', 'inherit'])
    const line = await new Promise<Buffer>((resolve) => child.stdout?.once('data', resolve))
    const port = Number(line.toString())
    return { id: `i-${port}-${child.pid}`, release: 1, host: '127.0.0.1', port, child }
  }

  #spawn(
    args: readonly string[],
    env: NodeJS.ProcessEnv,
    stdio: ('ignore' | 'pipe' | 'inherit' | number)[],
  ): ChildProcess {
    const child = spawn(process.execPath, args, { env: { ...process.env, ...env }, stdio })
    this.#children.add(child)
    child.once('exit', () => this.#children.delete(child))
    return child
  }
}
