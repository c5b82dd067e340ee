import type { RouteInstance } from '#contract/route.ts'
import type { Instance } from '#driver/driver.ts'
import type { Cares } from './care.ts'
import type { FailedCheck } from './check.ts'
import { webType } from './copy.ts'
import { Liveness } from './liveness.ts'
import { Probes } from './probes.ts'
import { nextCrash, noticeCrashes, steadyMs } from './seen.ts'
import type { Crash, Seen } from './seen.ts'

/**
 * What is known of one environment from one pass to the next: who is healthy, who crashed, who is on
 * the way out. Nothing here must survive: a fresh one learns the same by looking.
 */
export class Memory {
  readonly #probes: Probes
  readonly #liveness: Liveness
  readonly #resting = new Map<string, 'asked' | 'sick'>()
  readonly #retiring = new Map<string, Promise<void>>()
  readonly #kick: () => void
  // Replaced, not changed: what a plan was told stays as it was.
  #crashes: ReadonlyMap<string, Crash> = new Map()
  #isSeeded = false
  /** What went wrong last on our side; null after a pass that went well. */
  trouble: string | null = null

  /**
   * @param kick asks for a pass, because something new is known
   * @param onSick is told of a copy that serves and failed a liveness check: it is started anew
   */
  constructor(kick: () => void, onSick: (copy: Instance, failure: FailedCheck) => void) {
    this.#kick = kick
    this.#probes = new Probes(kick)
    this.#liveness = new Liveness((copy, failure) => {
      onSick(copy, failure)
      this.#giveUp(copy)
    })
  }

  /** Takes in what is there now, and attends to `web` copies that are not healthy yet. */
  notice(
    instances: readonly Instance[],
    routed: readonly RouteInstance[] | null,
    cares: Cares,
  ): void {
    if (!this.#isSeeded && routed !== null) this.#seed(instances, routed)
    const stopping = new Set(this.#retiring.keys())
    this.#crashes = noticeCrashes(this.#crashes, instances, stopping, Date.now())
    const running = new Map(instances.filter(isRunning).map((one) => [one.name, one]))
    for (const name of this.#resting.keys()) if (!running.has(name)) this.#resting.delete(name)
    this.#probes.attend(running, cares)
    const serves = (copy: Instance): boolean =>
      this.standing(copy) === 'up' && !this.#resting.has(copy.name)
    this.#liveness.attend([...running.values()].filter(serves), cares)
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
      answered: this.#probes.healthy,
      listening: this.#probes.listening,
      probes: this.#probes.refusals,
      failedChecks: this.#probes.failed,
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
    if (type === webType) return this.#probes.healthy.get(name) === startedAtMs ? 'up' : 'starting'
    return Date.now() - startedAtMs >= steadyMs ? 'up' : 'starting'
  }

  /** How long after its start a copy was healthy; undefined when that was before our time. */
  healthyAfterMs(name: string): number | undefined {
    return this.#probes.healthyAfterMs(name)
  }

  /** The engine would not start a copy: it is tried again as if it had crashed. */
  failToStart(name: string): void {
    const nowMs = Date.now()
    const count = (this.#crashes.get(name)?.count ?? 0) + 1
    this.#crashes = new Map(this.#crashes).set(name, { count, atMs: nowMs, startedAtMs: nowMs })
  }

  /** Asks for a copy to be unrouted, drained and stopped; the pass after that starts it again. */
  rest(name: string): void {
    this.#resting.set(name, 'asked')
    this.#kick()
  }

  /** As after a crash, only that it must be stopped first. */
  #giveUp({ name, startedAtMs }: Instance): void {
    const crash = nextCrash(this.#crashes.get(name), startedAtMs, Date.now())
    this.#crashes = new Map(this.#crashes).set(name, crash)
    this.#resting.set(name, 'sick')
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
    this.#probes.close()
    this.#liveness.close()
    await Promise.all(this.#retiring.values())
  }

  /** Copies that the router has are taken as healthy by a controller that starts. */
  #seed(instances: readonly Instance[], routed: readonly RouteInstance[]): void {
    this.#isSeeded = true
    for (const { name, address, startedAtMs } of instances.filter(isRunning))
      if (routed.some(({ id, host }) => id === name && host === address))
        this.#probes.trust(name, startedAtMs)
  }
}

function isRunning(instance: Instance): boolean {
  return instance.state === 'running'
}
