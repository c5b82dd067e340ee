import type { Peer } from '#contract/call.ts'
import type { Logs } from '#controller/logs/logs.ts'
import type { Vault } from '#controller/seal.ts'
import type { Store } from '#controller/store/tables.ts'
import type { Fleet, Limits } from '#driver/driver.ts'
import type { Log } from '#lib/log.ts'
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
  /** Between SIGTERM and SIGKILL. */
  readonly graceMs: number
}

export const usualTimes = {
  startTimeoutMs: 60_000,
  releaseTimeoutMs: 30 * 60_000,
  drainMs: 30_000,
  graceMs: 30_000,
} as const

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
