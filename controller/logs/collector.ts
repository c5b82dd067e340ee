import { setTimeout as sleep } from 'node:timers/promises'
import { dynoName } from '#controller/deploy/copy.ts'
import { isAttached } from '#controller/run/name.ts'
import type { Fleet, Instance } from '#driver/driver.ts'
import type { Log } from '#lib/log.ts'
import { behind } from './cursor.ts'
import type { LogFile } from './file.ts'

interface CollectorDeps {
  readonly fleet: Fleet
  readonly log: Log
  readonly fileOf: (environmentId: string) => LogFile
}

/** One copy that is followed, or was until it ended. */
interface Following {
  readonly environmentId: string
  /** Of the run that is followed: a copy that is started again is followed again. */
  readonly startedAtMs: number
  readonly ended: Promise<void>
  state: 'following' | 'ended' | 'broken'
}

const finishMs = 2000

/** Takes what copies write into the logs of their environments, each from where it was left. */
export class Collector {
  readonly #deps: CollectorDeps
  readonly #following = new Map<string, Following>()
  readonly #closing = new AbortController()

  constructor(deps: CollectorDeps) {
    this.#deps = deps
  }

  follow(instances: readonly Instance[]): void {
    this.#forgetGone(instances)
    for (const instance of instances) {
      // What an attached one-off writes goes to whoever is attached.
      if (instance.state === 'created' || isAttached(instance.name)) continue
      if (this.#isTaken(instance)) continue
      this.#following.set(instance.name, this.#begin(instance))
    }
  }

  async finish(copy: string, signal: AbortSignal): Promise<void> {
    const ended = this.#following.get(copy)?.ended
    if (ended === undefined) return
    await Promise.race([ended, sleep(finishMs, undefined, { signal, ref: false })])
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await Promise.all([...this.#following.values()].map(({ ended }) => ended))
  }

  /** A stream that broke, or ended while the copy runs, is taken up again. */
  #isTaken({ name, startedAtMs, state }: Instance): boolean {
    const present = this.#following.get(name)
    if (present?.startedAtMs !== startedAtMs) return false
    return present.state === 'following' || (present.state === 'ended' && state === 'exited')
  }

  #begin(instance: Instance): Following {
    const { environmentId } = instance.owner
    const ended = this.#collect(instance).then(
      () => void (following.state = 'ended'),
      (error: unknown) => {
        following.state = 'broken'
        if (!this.#closing.signal.aborted) this.#report(instance.name, error)
      },
    )
    const { startedAtMs } = instance
    const following: Following = { environmentId, startedAtMs, ended, state: 'following' }
    return following
  }

  async #collect(instance: Instance): Promise<void> {
    const { fleet, fileOf } = this.#deps
    const { name, owner } = instance
    const file = fileOf(owner.environmentId)
    const cursor = await file.cursor(name)
    const options = { sinceMs: cursor.atMs, follow: true }
    const output = fleet.output(name, options, this.#closing.signal)
    for await (const { atMs, text } of behind(cursor, output)) {
      await file.append({ atMs, source: 'app', from: dynoName(instance), text }, name)
    }
  }

  #report(copy: string, error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error)
    this.#deps.log.warn('logs.output_broken', { copy, reason })
  }

  /** Lists are of one environment each. */
  #forgetGone(instances: readonly Instance[]): void {
    const environmentId = instances[0]?.owner.environmentId
    const names = new Set(instances.map(({ name }) => name))
    for (const [name, following] of this.#following) {
      const isGone = following.environmentId === environmentId && !names.has(name)
      if (isGone && following.state !== 'following') this.#following.delete(name)
    }
  }
}
