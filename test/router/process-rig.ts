import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import type { Peer } from '#contract/call.ts'
import { holdSocket } from '#lib/held-socket.ts'
import type { HeldSocket } from '#lib/held-socket.ts'
import { handingOver } from '#router/sockets.ts'
import { currentSettings, isOverTls } from './each-transport.ts'
import { rawBackend } from './rig.ts'

export const token = 'a-token-for-this-test'
const main = join(import.meta.dirname, '../../router/main.ts')

/** The state folder of a platform, with its keys. */
export function stateOf(t: Test): string {
  const state = mkdtempSync(join(tmpdir(), 'router-'))
  t.teardown(() => rmSync(state, { recursive: true, maxRetries: 5 }))
  mkdirSync(join(state, 'keys'))
  writeFileSync(join(state, 'keys', 'internal.token'), `${token}\n`)
  return state
}

/** A process of the router. */
export interface Program {
  readonly child: ChildProcess
  readonly words: () => string
  readonly exit: Promise<number | null>
  /** Resolves when it listens; gives its ports, that of TLS in a test that runs over TLS. */
  readonly started: () => Promise<{ port: number; adminPort: number }>
}

/** Without sockets it opens its own, but that of TLS, whose port has no "any". */
export function start(
  t: Test,
  env: Readonly<Record<string, string>>,
  sockets: ReadonlyMap<string, HeldSocket> = isOverTls() ? heldSockets(t, ['https']) : new Map(),
): Program {
  const fds = Array.from(sockets.values(), ({ fd }) => fd)
  const child = spawn(process.execPath, [main], {
    env: { ...process.env, ...currentSettings(), ...handingOver(sockets.keys()), ...env },
    stdio: ['ignore', 'ignore', 'pipe', ...fds],
  })
  let words = ''
  child.stderr?.on('data', (chunk: Buffer) => (words += chunk.toString()))
  const exit = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)))
  t.teardown(() => child.kill('SIGKILL'))
  const started = async (): Promise<{ port: number; adminPort: number }> => {
    for (let tries = 0; tries < 500; tries += 1) {
      const line = words
        .split('\n')
        .find((text) => text.includes('"started"') && text.endsWith('}'))
      if (line !== undefined) return portsIn(JSON.parse(line) as Started)
      await sleep(20)
    }
    throw new Error(words)
  }
  return { child, words: () => words, exit, started }
}

/** The log line of a router that serves. */
interface Started {
  readonly port: number
  readonly httpsPort: number
  readonly adminPort: number
}

function portsIn({ port, httpsPort, adminPort }: Started): { port: number; adminPort: number } {
  return { port: isOverTls() ? httpsPort : port, adminPort }
}

function heldSockets(t: Test, names: readonly string[]): ReadonlyMap<string, HeldSocket> {
  const held = names.map((name) => [name, holdSocket({ host: '127.0.0.1', port: 0 })] as const)
  t.teardown(() => held.forEach(([, socket]) => socket.close()))
  return new Map(held)
}

/** A place for routers, one after the other, as a supervisor has it: the sockets stay. */
export interface Place {
  /** That of TLS in a test that runs over TLS. */
  readonly port: number
  readonly securePort: number
  readonly peer: Peer
  readonly state: string
  start(env?: Readonly<Record<string, string>>): Program
  /** Starts one that takes over. */
  replace(env?: Readonly<Record<string, string>>): Promise<Program>
}

export function openPlace(t: Test): Place {
  const state = stateOf(t)
  const sockets = heldSockets(t, ['http', 'https', 'admin'])
  const portOf = (name: string): number => sockets.get(name)?.port ?? 0
  const url = `http://127.0.0.1:${portOf('admin')}`
  const settings = { SLIPWAY_STATE: state, SLIPWAY_CONTROLLER_URL: takerOfLines(t) }
  const startWith = (env: Readonly<Record<string, string>> = {}): Program =>
    start(t, { ...settings, ...env }, sockets)
  return {
    port: portOf(isOverTls() ? 'https' : 'http'),
    securePort: portOf('https'),
    peer: { url, token, program: 'router' },
    state,
    start: startWith,
    replace: async (env = {}) => {
      const next = startWith({ SLIPWAY_ROUTER_REPLACES: url, ...env })
      await next.started()
      return next
    },
  }
}

/** Stands for the controller, which a router that ends would wait for with its access lines; its URL. */
function takerOfLines(t: Test): string {
  const server = http.createServer((request, response) => {
    request.resume().once('end', () => response.writeHead(204).end())
  })
  // Without a host it has its port at once.
  server.listen(0)
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Requests that never cease until `stop`, in every way a client may make them. */
export class Load {
  answered = 0
  readonly failed: string[] = []
  readonly #port: number
  readonly #client: typeof http | typeof https = isOverTls() ? https : http
  readonly #agent: http.Agent
  readonly #loops: Promise<void>[] = []
  #isOver = false

  constructor(port: number) {
    this.#port = port
    this.#agent = new this.#client.Agent({ keepAlive: true, maxSockets: 8 })
    for (let i = 0; i < 4; i += 1) {
      this.#repeat(() => this.#ask('GET', this.#agent))
      this.#repeat(() => this.#ask('POST', this.#agent))
    }
    this.#repeat(() => this.#ask('GET', false))
    this.#repeat(() => this.#ask('POST', false))
  }

  async stop(): Promise<void> {
    this.#isOver = true
    await Promise.all(this.#loops)
    this.#agent.destroy()
  }

  #repeat(once: () => Promise<void>): void {
    const loop = async (): Promise<void> => {
      while (!this.#isOver) {
        await once().then(
          () => (this.answered += 1),
          (error: unknown) => this.failed.push(String(error)),
        )
        await sleep(Math.random() * 8)
      }
    }
    this.#loops.push(loop())
  }

  #ask(method: 'GET' | 'POST', agent: http.Agent | false): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const where = { host: '127.0.0.1', port: this.#port, headers: { host: 'a.test' } }
    const options = { ...where, method, agent, path: '/', rejectUnauthorized: false }
    const request = this.#client.request(options, (response) => {
      response.resume().once('error', reject)
      response.once('end', () => {
        if (response.statusCode === 200) resolve()
        else reject(new Error(`${method} was answered with ${response.statusCode}`))
      })
    })
    request.once('error', (error) =>
      reject(new Error(`${method} ${agent === false ? 'alone' : 'kept'}: ${String(error)}`)),
    )
    request.end(method === 'POST' ? 'x'.repeat(2000) : undefined)
    return promise
  }
}

/** An app that speaks back what is said after an upgrade, and answers everything else. */
export function tunnelBackend(t: Test): Promise<number> {
  return rawBackend(t, (socket) => {
    let isTunnel = false
    socket.on('data', (bytes: Buffer) => {
      if (isTunnel) return void socket.write(bytes)
      isTunnel = true
      socket.write('HTTP/1.1 101 Switching\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n')
    })
    socket.on('end', () => socket.end())
  })
}

/** Pids of the processes that a process has started. */
export function childrenOf(pid: number | undefined): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
  return text.split(' ').filter(Boolean).map(Number)
}
