import type { DeployDeps } from './deps.ts'
import type { Memory } from './memory.ts'
import type { RouterKeeper } from './router.ts'
import type { TaskOutput } from './task-output.ts'

/** All that carrying out steps for one environment needs. */
export interface Hands {
  readonly deps: DeployDeps
  readonly keeper: RouterKeeper
  readonly memory: Memory
  readonly taskOutput: TaskOutput
  /** A deployment went live: its copies may be those of the next one. */
  readonly onLive: () => void
  /** Aborted when the environment is let go of: ends what goes on in the background. */
  readonly closing: AbortSignal
}
