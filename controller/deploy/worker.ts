import { EngineError } from '#driver/driver.ts'
import type { Instance } from '#driver/driver.ts'
import { startLoop } from '#lib/loop.ts'
import type { FailedCheck } from './check.ts'
import { dynoName } from './copy.ts'
import type { DeployDeps } from './deps.ts'
import { checkFailed } from './failure.ts'
import type { Hands } from './hands.ts'
import { Memory } from './memory.ts'
import { reconcile } from './reconcile.ts'
import type { RouterKeeper } from './router.ts'
import { TaskOutput } from './task-output.ts'

/** Looks after one environment, whatever the others do. */
export interface Worker {
  kick(): void
  /** Drains and stops one copy; it is started again. */
  rest(name: string): void
  standing(instance: Instance): ReturnType<Memory['standing']>
  close(): Promise<void>
}

/** What was not heard of is found out after this long. */
const everyMs = 10_000
/** After an error: not at once, since nothing has changed. */
const afterErrorMs = 1000

export function openWorker(
  environmentId: string,
  deps: DeployDeps,
  keeper: RouterKeeper,
  onLive: () => void,
): Worker {
  const closing = new AbortController()
  let alarm: NodeJS.Timeout | undefined
  const onSick = (copy: Instance, failure: FailedCheck): void => {
    const text = `${checkFailed(failure)}; it is started anew`
    deps.logs.event(environmentId, dynoName(copy), text)
    deps.log.info('copy.sick', { copy: copy.name, reason: failure.last })
  }
  const memory = new Memory(() => loop.kick(), onSick)
  const taskOutput = new TaskOutput(deps)
  const hands: Hands = { deps, keeper, memory, taskOutput, onLive, closing: closing.signal }

  const wakeIn = (ms: number): void => {
    clearTimeout(alarm)
    if (!closing.signal.aborted) alarm = setTimeout(() => loop.kick(), Math.max(ms, 0))
  }
  const pass = async (signal: AbortSignal): Promise<void> => {
    clearTimeout(alarm)
    const wakeAtMs = await reconcile(hands, environmentId, signal)
    if (wakeAtMs !== null) wakeIn(wakeAtMs - Date.now())
  }
  const onError = (error: unknown): void => {
    if (error instanceof EngineError)
      deps.log.warn('engine.failed', { environment: environmentId, reason: error.message })
    else deps.log.error('deploy.pass_failed', error, { environment: environmentId })
    wakeIn(afterErrorMs)
  }
  const loop = startLoop(pass, { everyMs, onError })

  return {
    kick: () => loop.kick(),
    rest: (name) => memory.rest(name),
    standing: (instance) => memory.standing(instance),
    close: async () => {
      closing.abort()
      clearTimeout(alarm)
      await loop.close()
      await memory.close()
    },
  }
}
