import { setTimeout as sleep } from 'node:timers/promises'
import { appendJournal, journalAfter } from '#controller/store/journal.ts'
import type { DeployDeps } from './deps.ts'

/** More than this of a release task's output stands in the log only. */
const journalLimit = 900
/** An engine that keeps a stream open after its copy ended does not hold up the deployment. */
const endMs = 5000

/** Brings what release tasks write into the journals of their deployments, while they write it. */
export class TaskOutput {
  readonly #deps: Pick<DeployDeps, 'store' | 'fleet' | 'news' | 'log'>
  readonly #following = new Map<string, Promise<void>>()

  constructor(deps: Pick<DeployDeps, 'store' | 'fleet' | 'news' | 'log'>) {
    this.#deps = deps
  }

  /** Begins once per deployment, and after a restart where the journal ends. */
  follow(deploymentId: string, name: string, signal: AbortSignal): void {
    if (this.#following.has(deploymentId)) return
    const done = this.#run(deploymentId, name, signal).catch((error: unknown) => {
      if (!signal.aborted) this.#deps.log.error('release.output_failed', error, { copy: name })
    })
    this.#following.set(deploymentId, done)
  }

  /** Resolves when all of a task's output is in the journal. */
  async ended(deploymentId: string): Promise<void> {
    const limit = sleep(endMs, undefined, { ref: false })
    await Promise.race([this.#following.get(deploymentId), limit])
    this.#following.delete(deploymentId)
  }

  async #run(deploymentId: string, name: string, signal: AbortSignal): Promise<void> {
    const { store, fleet, news } = this.#deps
    // The first line of a journal that releases is our own heading.
    let skip = Math.max((await journalAfter(store, deploymentId, 0)).length - 1, 0)
    let room = journalLimit - skip
    for await (const batch of inBatches(fleet.output(name, { sinceMs: 0, follow: true }, signal))) {
      const fresh = batch.slice(skip).slice(0, Math.max(room, 0))
      skip = Math.max(skip - batch.length, 0)
      room -= fresh.length
      const lines = fresh.map(({ text }) => ({ kind: 'text' as const, text: `  ${text}` }))
      await appendJournal(store, deploymentId, lines)
      news.tell(deploymentId)
    }
  }
}

/** Whatever has come since the last batch was taken: one commit for many lines. */
async function* inBatches<T>(source: AsyncIterable<T>): AsyncGenerator<T[]> {
  let batch: T[] = []
  let wake = Promise.withResolvers<void>()
  let isOver = false
  const reading = (async () => {
    try {
      for await (const item of source) {
        batch.push(item)
        wake.resolve()
      }
    } finally {
      isOver = true
      wake.resolve()
    }
  })()
  // Its error is thrown below, when the batches are taken.
  reading.catch(() => undefined)
  while (!isOver || batch.length > 0) {
    if (batch.length === 0) await wake.promise
    wake = Promise.withResolvers<void>()
    const taken = batch
    batch = []
    if (taken.length > 0) yield taken
  }
  await reading
}
