import type { DeploymentState } from '#contract/release.ts'
import type { Instance } from '#driver/driver.ts'
import type { Copy } from './copy.ts'
import type { Cause } from './failure.ts'

/** One thing the executor does. All of them may be done twice. */
export type Step =
  /** Starts a copy that is not there; one that does not run is removed first. */
  | { readonly do: 'start'; readonly copy: Copy }
  /** Removes what no longer runs. */
  | { readonly do: 'remove'; readonly name: string }
  /** Lets requests end if it has any, then stops it; goes on in the background. */
  | { readonly do: 'retire'; readonly name: string; readonly drain: boolean }
  | { readonly do: 'enter'; readonly id: string; readonly state: DeploymentState }
  | { readonly do: 'fail'; readonly id: string; readonly cause: Cause }

/** Starts a copy from nothing: what is left of an earlier run, or was never started, goes first. */
export function startAfresh(copy: Copy, present: Instance | undefined): Step[] {
  const start: Step = { do: 'start', copy }
  return present === undefined ? [start] : [{ do: 'remove', name: copy.name }, start]
}
