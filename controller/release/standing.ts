import type { Release } from '#contract/release.ts'
import { isLive, isOpen } from '#controller/deploy/deployment.ts'
import type { DeploymentRow } from '#controller/store/tables.ts'

/** How a release stands, by its newest deployment. */
export interface Standing {
  readonly status: Release['status']
  readonly failure: string | null
  readonly updatedAt: string
}

/** Without a deployment there was nothing to run, and so nothing that could fail. */
export function standingOf(
  deployment: DeploymentRow | undefined,
  release: { readonly created_at: string },
): Standing {
  if (deployment === undefined) {
    return { status: 'succeeded', failure: null, updatedAt: release.created_at }
  }
  const { state, failure, updated_at: updatedAt } = deployment
  if (isOpen(state)) return { status: 'pending', failure, updatedAt }
  return { status: isLive(state) ? 'succeeded' : 'failed', failure, updatedAt }
}
