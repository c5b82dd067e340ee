import type { Checkout } from '#contract/push.ts'
import type { Owner, Workshop } from '#driver/driver.ts'
import type { Log } from '#lib/log.ts'
import type { BuildConfig, PushLimits } from '#builder/config.ts'
import type { Objects } from '#builder/git.ts'
import type { Places } from '#builder/places.ts'
import type { BuildQueue } from './queue.ts'

/** What is to be built. */
export interface BuildRequest {
  /** The controller's id of this build. */
  readonly id: string
  /** Id of the user who pushed. */
  readonly user: string
  readonly checkout: Checkout
  readonly objects: Objects
  readonly commit: string
  /** The commit's tree: all that the build sees of it. */
  readonly tree: string
}

/** What building needs; the same for every build. */
export interface BuildTools {
  readonly places: Places
  readonly config: BuildConfig
  readonly limits: PushLimits
  readonly instance: string
  readonly workshop: Workshop
  readonly queue: BuildQueue
  readonly log: Log
  /** Nothing that was built before may be used; see verify.ts. */
  readonly fresh?: boolean
}

export function ownerOf({ checkout }: BuildRequest): Owner {
  const { app, environment } = checkout
  return { appId: app.id, environmentId: environment.id, app: app.name }
}

/** The image builds of a stack run in. */
export function buildImageOf({ checkout }: BuildRequest): string {
  return `${checkout.stack}:build`
}
