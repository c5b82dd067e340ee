import { setTimeout as sleep } from 'node:timers/promises'
import { takeNumber } from '#controller/store/counters.ts'
import type { Instance } from '#driver/driver.ts'
import { startLoop } from '#lib/loop.ts'
import type { DeployDeps } from './deps.ts'
import { readKeys } from './place.ts'
import { RouterKeeper } from './router.ts'
import { sweep } from './sweep.ts'
import { openWorker } from './worker.ts'
import type { Worker } from './worker.ts'

/** The part of the controller that brings every environment to what is wanted. */
export interface Deploys {
  /** Looks at an environment soon; without an id, at all of them, and for new and destroyed ones. */
  kick(environmentId?: string): void
  /** Restarts one copy: it leaves the routing table, is drained and stopped, then started again. */
  restartCopy(environmentId: string, name: string): void
  /** How a running copy stands: whether it answers yet, or is on its way out. */
  standing(instance: Instance): 'starting' | 'up' | 'down'
  /** Everything goes on where it is when a controller starts again. */
  close(): Promise<void>
}

const everyMs = 10_000
const readyMs = 3_600_000
const afterLiveMs = 200

/**
 * Starts a worker per environment, and one pass over the whole platform: workers come and go with
 * environments, the router gets the table it lacks, what belongs to nobody is removed.
 */
export function startDeploys(deps: DeployDeps): Deploys {
  const { store, fleet, router, log } = deps
  const nextNumber = (floor: number): Promise<number> => takeNumber(store, 'table', floor)
  const keeper = new RouterKeeper({ router, nextNumber })
  const workers = new Map<string, Worker>()
  const closing = new AbortController()
  const onError = (error: unknown): void => log.error('deploy.platform_failed', error)

  const makingReady = startLoop((signal) => makeReady(deps, signal), { everyMs: readyMs, onError })
  const onLive = (): void => makingReady.kick()
  const pass = async (signal: AbortSignal): Promise<void> => {
    const keys = await readKeys(store)
    const known = [...keys.keys()]
    await closeUnknown(workers, known)
    signal.throwIfAborted()
    keeper.know([...keys.values()])
    for (const id of known)
      if (!workers.has(id)) workers.set(id, openWorker(id, deps, keeper, onLive))
    await checkRouter(signal)
  }
  const checkRouter = async (signal: AbortSignal): Promise<void> => {
    try {
      await keeper.check(signal)
    } catch (error) {
      signal.throwIfAborted()
      log.warn('router.unreachable', { reason: error instanceof Error ? error.message : null })
    }
  }
  const loop = startLoop(pass, { everyMs, onError })
  // On its own: it waits for requests to end, and nobody else should wait for that.
  const sweeping = startLoop((signal) => sweep({ deps, keeper }, signal), { everyMs, onError })
  const kick = (environmentId?: string): void => {
    const worker = environmentId === undefined ? undefined : workers.get(environmentId)
    if (worker !== undefined) return worker.kick()
    loop.kick()
    sweeping.kick()
    if (environmentId === undefined) for (const one of workers.values()) one.kick()
  }
  const watching = fleet.watch(kick, closing.signal).catch((error: unknown) => {
    if (!closing.signal.aborted) log.error('engine.watch_failed', error)
  })

  return {
    kick,
    restartCopy: (environmentId, name) => workers.get(environmentId)?.rest(name),
    standing: (instance) =>
      workers.get(instance.owner.environmentId)?.standing(instance) ?? 'starting',
    close: async () => {
      closing.abort()
      await Promise.all([loop.close(), sweeping.close(), makingReady.close()])
      await Promise.all([watching, ...[...workers.values()].map((worker) => worker.close())])
    },
  }
}

/**
 * When the pusher has gone, and not before: it would take its CPU from the push's last steps. It costs
 * the next deployment some time when the engine cannot do it now, and nothing else.
 */
async function makeReady({ fleet, log, settings }: DeployDeps, signal: AbortSignal): Promise<void> {
  if (!settings.readyCopies) return
  try {
    await sleep(afterLiveMs, undefined, { signal })
    await fleet.makeReady(signal)
  } catch (error) {
    signal.throwIfAborted()
    log.warn('fleet.not_ready', { reason: String(error) })
  }
}

async function closeUnknown(workers: Map<string, Worker>, known: readonly string[]): Promise<void> {
  for (const [id, worker] of workers) {
    if (known.includes(id)) continue
    workers.delete(id)
    await worker.close()
  }
}
