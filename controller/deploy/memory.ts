import type { RouteInstance } from '#contract/route.ts'
import type { Instance } from '#driver/driver.ts'
import { portOf, webType } from './copy.ts'
import { untilAnswers } from './health.ts'
import { noticeCrashes, steadyMs } from './seen.ts'
import type { Crash, Seen } from './seen.ts'

/**
 * What is known of one environment from one pass to the next: who answered, who crashed, who is on
 * the way out. Nothing here must survive: a fresh one learns the same by looking.
 */
export class Memory {
  readonly #answered = new Map<string, number>()
  readonly #probes = new Map<string, string>()
  readonly #probing = new Map<string, { readonly startedAtMs: number; readonly stop: () => void }>()
  readonly #resting = new Set<string>()
  readonly #retiring = new Map<string, Promise<void>>()
  readonly #answeredAfterMs = new Map<string, number>()
  readonly #kick: () => void
  // Replaced, not changed: what a plan was told stays as it was.
  #crashes: ReadonlyMap<string, Crash> = new Map()
  #isSeeded = false
  /** What went wrong last on our side; null after a pass that went well. */
  trouble: string | null = null

  /** @param kick asks for a pass, because something new is known */
  constructor(kick: () => void) {
    this.#kick = kick
  }

  /** Takes in what is there now, and knocks at `web` copies that have not answered yet. */
  notice(instances: readonly Instance[], routed: readonly RouteInstance[] | null): void {
    if (!this.#isSeeded && routed !== null) this.#seed(instances, routed)
    const stopping = new Set(this.#retiring.keys())
    this.#crashes = noticeCrashes(this.#crashes, instances, stopping, Date.now())
    const running = new Map(instances.filter(isRunning).map((one) => [one.name, one]))
    for (const name of this.#resting) if (!running.has(name)) this.#resting.delete(name)
    for (const [name, probe] of this.#probing)
      if (running.get(name)?.startedAtMs !== probe.startedAtMs) this.#unprobe(name)
    for (const copy of running.values()) if (copy.type === webType) this.#probe(copy)
  }

  /** What the plan is told. */
  see(
    instances: readonly Instance[],
    routed: readonly RouteInstance[] | null,
    limits: Pick<Seen, 'startTimeoutMs' | 'releaseTimeoutMs'>,
  ): Seen {
    return {
      instances,
      byName: new Map(instances.map((one) => [one.name, one])),
      answered: this.#answered,
      probes: this.#probes,
      crashes: this.#crashes,
      resting: this.#resting,
      retiring: new Set(this.#retiring.keys()),
      routed: routed === null ? null : new Set(routed.map(({ id }) => id)),
      trouble: this.trouble,
      startTimeoutMs: limits.startTimeoutMs,
      releaseTimeoutMs: limits.releaseTimeoutMs,
    }
  }

  /** How a running copy stands: it may not answer yet, or be on its way out. */
  standing({ name, type, startedAtMs }: Instance): 'starting' | 'up' | 'down' {
    if (this.#retiring.has(name)) return 'down'
    if (type === webType) return this.#answered.get(name) === startedAtMs ? 'up' : 'starting'
    return Date.now() - startedAtMs >= steadyMs ? 'up' : 'starting'
  }

  /** How long after its start a copy answered; undefined when that was before our time. */
  answeredAfterMs(name: string): number | undefined {
    return this.#answeredAfterMs.get(name)
  }

  /** The engine would not start a copy: it is tried again as if it had crashed. */
  failToStart(name: string): void {
    const nowMs = Date.now()
    const count = (this.#crashes.get(name)?.count ?? 0) + 1
    this.#crashes = new Map(this.#crashes).set(name, { count, atMs: nowMs, startedAtMs: nowMs })
  }

  /** Asks for a copy to be unrouted, drained and stopped; the pass after that starts it again. */
  rest(name: string): void {
    this.#resting.add(name)
    this.#kick()
  }

  /** Stops a copy in the background, once; the next pass follows its end. */
  retire(name: string, stop: () => Promise<void>): void {
    if (this.#retiring.has(name)) return
    const ending = stop().finally(() => {
      this.#retiring.delete(name)
      this.#resting.delete(name)
    })
    this.#retiring.set(
      name,
      ending.then(this.#kick, () => undefined),
    )
  }

  /** Waits for what goes on in the background, whose signal the caller has aborted. */
  async close(): Promise<void> {
    for (const name of this.#probing.keys()) this.#unprobe(name)
    await Promise.all(this.#retiring.values())
  }

  /** Copies that the router has are taken as healthy by a controller that starts. */
  #seed(instances: readonly Instance[], routed: readonly RouteInstance[]): void {
    this.#isSeeded = true
    for (const { name, address, startedAtMs } of instances.filter(isRunning))
      if (routed.some(({ id, host }) => id === name && host === address))
        this.#answered.set(name, startedAtMs)
  }

  #probe(instance: Instance): void {
    const { name, address, startedAtMs } = instance
    if (address === null || this.#probing.has(name)) return
    if (this.#answered.get(name) === startedAtMs) return
    const stop = new AbortController()
    this.#probing.set(name, { startedAtMs, stop: () => stop.abort() })
    const onRefusal = (reason: string): void => void this.#probes.set(name, reason)
    untilAnswers({ host: address, port: portOf(instance) }, onRefusal, stop.signal).then(
      () => this.#answer(name, startedAtMs),
      () => undefined,
    )
  }

  #answer(name: string, startedAtMs: number): void {
    this.#answered.set(name, startedAtMs)
    this.#answeredAfterMs.set(name, Date.now() - startedAtMs)
    this.#unprobe(name)
    this.#kick()
  }

  #unprobe(name: string): void {
    this.#probing.get(name)?.stop()
    this.#probing.delete(name)
  }
}

function isRunning(instance: Instance): boolean {
  return instance.state === 'running'
}
