import type { Peer } from '#contract/call.ts'
import type { Logs } from '#controller/logs/logs.ts'
import type { Vault } from '#controller/seal.ts'
import type { Store } from '#controller/store/tables.ts'
import type { Fleet, Limits } from '#driver/driver.ts'
import type { Log } from '#lib/log.ts'
import { integer, text } from '#lib/settings.ts'
import type { Environment } from '#lib/settings.ts'
import type { News } from './news.ts'

export interface DeploySettings {
  /** SLIPWAY_INSTANCE: whose containers these are. */
  readonly instance: string
  /** Of every copy and one-off. */
  readonly limits: Limits
  /** How long a copy may take until it answers. */
  readonly startTimeoutMs: number
  readonly releaseTimeoutMs: number
  /** How long requests on copies that leave may take. */
  readonly drainMs: number
  /** Containers wait for the next copies, which need not wait for the engine then. */
  readonly readyCopies: boolean
  /** Between SIGTERM and SIGKILL. */
  readonly graceMs: number
}

/** The router waits no longer in one call. */
const drainLimitS = 60

/** The times of `DeploySettings`, as the environment has them. Throws SettingError. */
export function readTimes(env: Environment): Omit<DeploySettings, 'instance' | 'limits'> {
  return {
    startTimeoutMs: integer(env, 'SLIPWAY_START_TIMEOUT_S', 60) * 1000,
    releaseTimeoutMs: integer(env, 'SLIPWAY_RELEASE_TIMEOUT_S', 1800) * 1000,
    drainMs: Math.min(integer(env, 'SLIPWAY_DRAIN_S', 30), drainLimitS) * 1000,
    readyCopies: text(env, 'SLIPWAY_READY_COPIES', 'on') === 'on',
    graceMs: integer(env, 'SLIPWAY_GRACE_S', 30) * 1000,
  }
}

/** What deploying needs of the rest of the controller. */
export interface DeployDeps {
  readonly store: Store
  readonly fleet: Fleet
  readonly router: Peer
  readonly logs: Logs
  readonly news: News
  readonly log: Log
  readonly settings: DeploySettings
  readonly vault: Pick<Vault, 'unseal'>
}
