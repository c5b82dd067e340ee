import type { DeploymentState } from '#contract/release.ts'
import type { Copy } from './copy.ts'
import type { Cause } from './failure.ts'

/** One thing the executor does. All of them may be done twice. */
export type Step =
  /** Starts a copy, or one whose container was made and not started. */
  | { readonly do: 'start'; readonly copy: Copy }
  /** Removes what no longer runs. */
  | { readonly do: 'remove'; readonly name: string }
  /** Lets requests end, then stops it; goes on in the background. */
  | { readonly do: 'retire'; readonly name: string }
  | { readonly do: 'enter'; readonly id: string; readonly state: DeploymentState }
  | { readonly do: 'fail'; readonly id: string; readonly cause: Cause }
