import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { HeldSocket } from '#lib/held-socket.ts'
import { handingOver } from '#router/sockets.ts'
import { pidFile } from './leftover.ts'
import { Process, StartError, untilStarted } from './process.ts'
import type { Platform } from './settings.ts'

export const programs = ['router', 'controller', 'builder'] as const
export type ProgramName = (typeof programs)[number]

/**
 * Small young generations: 11 MiB less in each idle program that carries no traffic. Contexts that
 * follow asynchronous calls, which the router has none of, cost it 2.6 % of its work.
 */
export const programFlags: Readonly<Record<ProgramName, readonly string[]>> = {
  router: ['--no-async-context-frame'],
  controller: ['--max-semi-space-size=2'],
  builder: ['--max-semi-space-size=2'],
}

/** What each program has to end in order; then it is killed. */
const stopMs = 20_000
const answerMs = 2000

/** One of our programs, kept running: it is started again whenever it ends, sooner or later. */
export class Program {
  readonly name: ProgramName
  readonly #platform: Platform
  /** Sockets that are opened here and outlive each of its processes. */
  readonly #sockets: ReadonlyMap<string, HeldSocket>
  #present: Process
  /** Replaced ones that let their last requests end. */
  readonly #leaving = new Set<Process>()
  #replacing: Promise<void> | null = null
  #ended: Promise<void>
  #stopping = false

  /** Starts it. */
  constructor(
    name: ProgramName,
    platform: Platform,
    sockets: ReadonlyMap<string, HeldSocket> = new Map(),
  ) {
    this.name = name
    this.#platform = platform
    this.#sockets = sockets
    this.#present = this.#start()
    this.#ended = this.#keepRunning()
  }

  get pid(): number | undefined {
    return this.#present.pid
  }

  /** Waits until it serves. Throws StartError with its last words. */
  started(): Promise<void> {
    return untilStarted(this.name, () => this.#present)
  }

  /**
   * Starts the next process beside the present one, which steps aside and drains when asked by it.
   * Throws StartError when the next one cannot start: then the present one goes on.
   */
  replace(): Promise<void> {
    this.#replacing ??= this.#replace().finally(() => (this.#replacing = null))
    return this.#replacing
  }

  async stop(): Promise<void> {
    this.#stopping = true
    await this.#replacing?.catch(() => undefined)
    const all = [this.#present, ...this.#leaving]
    await Promise.all(all.map((process) => process.stop(stopMs)))
    await this.#ended
    rmSync(pidFile(this.name, this.#platform), { force: true })
  }

  async #keepRunning(): Promise<void> {
    for (let delayMs = 100; !this.#stopping; delayMs = Math.min(delayMs * 2, 5000)) {
      const startedAt = Date.now()
      await this.#untilPresentEnds()
      if (this.#stopping) return
      if (Date.now() - startedAt > 10_000) delayMs = 100
      await sleep(delayMs)
      if (!this.#stopping) this.#present = this.#start()
    }
  }

  /** One that was replaced may end when it likes. */
  async #untilPresentEnds(): Promise<void> {
    for (let last: Process | null = null; last !== this.#present;) {
      last = this.#present
      await last.ended
      await this.#replacing?.catch(() => undefined)
    }
  }

  async #replace(): Promise<void> {
    const old = this.#present
    const next = this.#spawn({ SLIPWAY_ROUTER_REPLACES: this.#adminUrl })
    const decided = new AbortController()
    try {
      const started = untilStarted(this.name, () => next, decided.signal)
      await Promise.race([started, failureOf(next), crashOf(old)])
    } catch (error) {
      next.kill()
      if (await this.#isInService(old)) throw error
      // The old one has left already, or has died: without a next one nobody would be there.
      this.#takeOver(old, this.#spawn())
      return await this.started()
    } finally {
      decided.abort()
    }
    this.#takeOver(old, next)
  }

  #takeOver(old: Process, next: Process): void {
    this.#leaving.add(old)
    void old.ended.then(() => this.#leaving.delete(old))
    this.#present = next
    this.#writePid(next)
  }

  async #isInService(process: Process): Promise<boolean> {
    if (!process.isRunning) return false
    const signal = AbortSignal.timeout(answerMs)
    return await fetch(`${this.#adminUrl}/health`, { signal }).then(
      ({ ok }) => ok,
      () => false,
    )
  }

  get #adminUrl(): string {
    return `http://127.0.0.1:${this.#sockets.get('admin')?.port}`
  }

  #start(): Process {
    const process = this.#spawn()
    this.#writePid(process)
    return process
  }

  #spawn(more: Readonly<Record<string, string>> = {}): Process {
    const { stateDir, env } = this.#platform
    mkdirSync(join(stateDir, 'log'), { recursive: true, mode: 0o700 })
    // Types are stripped once and not at every start: saves 0.3 s and 35 MiB in each program.
    const cache = { NODE_COMPILE_CACHE: join(stateDir, 'cache') }
    const listen = handingOver(this.#sockets.keys())
    return new Process({
      args: [...programFlags[this.name], join(import.meta.dirname, `../../${this.name}/main.ts`)],
      env: { ...cache, ...env, ...listen, ...more },
      logPath: join(stateDir, 'log', `${this.name}.log`),
      fds: Array.from(this.#sockets.values(), ({ fd }) => fd),
    })
  }

  #writePid({ pid }: Process): void {
    if (pid !== undefined) writeFileSync(pidFile(this.name, this.#platform), String(pid))
  }
}

/** Rejects when the process has ended, with its last words. */
async function failureOf(process: Process): Promise<never> {
  await process.ended
  throw new StartError(process.words() || 'error: The next router has died.')
}

/** Rejects when the process ends in disorder. */
async function crashOf(process: Process): Promise<never> {
  await process.ended
  if (!process.hasLeft) throw new StartError('error: The router died while it was replaced.')
  return await new Promise<never>(() => undefined)
}
