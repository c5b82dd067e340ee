import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Endpoint, ReplyOf } from '#contract/endpoint.ts'
import { awaitIdle } from '#contract/route.ts'
import type { Log } from '#lib/log.ts'
import type { Environment } from '#lib/settings.ts'
import { handingOver } from '#router/sockets.ts'
import { beginServing, drainWorker, health } from './endpoints.ts'
import type { Farewell } from './ending.ts'
import type { Receipts } from '#router/watch/receipts.ts'
import { Followed } from './followed.ts'
import { isGone, Sibling } from './sibling.ts'
import type { Asked } from './sibling.ts'

const main = join(import.meta.dirname, '../main.ts')
const longestDelayMs = 5000
/** One that has lived for so long is started again at once. */
const steadyMs = 5000
/** On top of the time it has to drain. */
const lateMs = 2000

export interface WorkerOptions {
  /** Where it answers calls. */
  readonly path: string
  readonly token: string
  /** Name and descriptor of each socket it listens on. */
  readonly sockets: ReadonlyMap<string, number>
  readonly env: Environment
  /** Tells it what the others know. */
  readonly tell: (sibling: Asked) => Promise<void>
  readonly receipts: Receipts
  readonly log: Log
}

/** What a worker says when it serves. */
export type Begun = ReplyOf<typeof beginServing>

/** A worker, started again whenever it ends. */
export class WorkerSlot {
  readonly #options: WorkerOptions
  readonly #sibling: Sibling
  #followed: Followed | null = null
  #child: ChildProcess | null = null
  #state: 'down' | 'starting' | 'asked' = 'down'
  /** What the others were told since it is starting. */
  #missed: { readonly endpoint: Endpoint; readonly body: unknown }[] = []
  #isClosing = false
  #kept: Promise<void> = Promise.resolve()

  constructor(options: WorkerOptions) {
    this.#options = options
    this.#sibling = new Sibling({ path: options.path }, options.token)
  }

  /** One that is starting is told later what it cannot be asked yet; null while there is none. */
  get sibling(): Asked | null {
    if (this.#state === 'down') return null
    return this.#state === 'asked' ? this.#followed : { ask: (to, body) => this.#keep(to, body) }
  }

  /** Starts it a first time. Throws when that fails; from then on it is kept running. */
  async start(): Promise<Begun> {
    const child = this.#spawn()
    const begun = await this.#begin(child)
    this.#kept = this.#keepRunning(child)
    return begun
  }

  /** May be called again, with another farewell. */
  async close({ graceMs, restMs }: Farewell): Promise<void> {
    this.#isClosing = true
    const child = this.#child
    const body = { grace_ms: graceMs, rest_ms: restMs }
    await this.#sibling.ask(drainWorker, body).catch(() => child?.kill('SIGTERM'))
    const late = setTimeout(() => this.#child?.kill('SIGKILL'), graceMs + lateMs)
    await this.#kept
    clearTimeout(late)
  }

  async #keepRunning(first: ChildProcess): Promise<void> {
    let child = first
    for (let delayMs = 100; ; delayMs = Math.min(delayMs * 2, longestDelayMs)) {
      const startedAt = performance.now()
      await gone(child)
      this.#state = 'down'
      await this.#followed?.end
      if (this.#isClosing) return
      const { exitCode, signalCode, pid } = child
      this.#options.log.warn('worker.ended', { pid, code: exitCode, signal: signalCode })
      if (performance.now() - startedAt > steadyMs) delayMs = 100
      else await sleep(delayMs)
      if (this.#isClosing) return
      child = this.#spawn()
      await this.#begin(child).catch((error: unknown) => this.#giveUp(child, error))
      if (this.#isClosing) child.kill('SIGTERM')
    }
  }

  #giveUp(child: ChildProcess, error: unknown): void {
    this.#options.log.error('worker.not_started', error)
    child.kill('SIGKILL')
  }

  #spawn(): ChildProcess {
    const { path, sockets, env } = this.#options
    const child = spawn(process.execPath, [...process.execArgv, main], {
      env: { ...env, ...handingOver(sockets.keys()), SLIPWAY_ROUTER_WORKER: path },
      // Its standard input ends with this process, however that ends: then it drains.
      stdio: ['pipe', 'inherit', 'inherit', ...sockets.values()],
    })
    child.once('error', () => undefined)
    this.#child = child
    this.#state = 'starting'
    this.#missed = []
    return child
  }

  #keep(endpoint: Endpoint, body: unknown): Promise<undefined> {
    if (endpoint !== awaitIdle) this.#missed.push({ endpoint, body })
    return Promise.resolve(undefined)
  }

  /** Only one that knows all that the others know listens for the world. */
  async #begin(child: ChildProcess): Promise<Begun> {
    const { promise: ended, reject } = Promise.withResolvers<never>()
    void gone(child).then(() => reject(new Error('the worker has ended')))
    return Promise.race([this.#tellAndBegin(child), ended])
  }

  async #tellAndBegin(child: ChildProcess): Promise<Begun> {
    await this.#untilItAnswers(child)
    await this.#options.tell(this.#sibling)
    this.#followed = new Followed(this.#sibling, this.#options.receipts)
    await this.#catchUp()
    const begun = (await this.#sibling.ask(beginServing, null)) as Begun
    this.#options.log.info('worker.started', { pid: child.pid })
    return begun
  }

  /** Between the last of what it missed and being asked like the others there is no gap. */
  async #catchUp(): Promise<void> {
    for (let next = this.#missed.shift(); next !== undefined; next = this.#missed.shift()) {
      const { endpoint, body } = next
      await this.#sibling.ask(endpoint, body).catch((error: unknown) => {
        this.#options.log.warn('worker.refused', { path: endpoint.path, reason: String(error) })
      })
    }
    this.#state = 'asked'
  }

  async #untilItAnswers(child: ChildProcess): Promise<void> {
    while (child.exitCode === null && child.signalCode === null) {
      try {
        return void (await this.#sibling.ask(health, null))
      } catch (error) {
        if (!isGone(error)) throw error
        await sleep(10)
      }
    }
  }
}

async function gone(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
  await once(child, 'exit')
}
