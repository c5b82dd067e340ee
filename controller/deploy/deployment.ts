import type { DeploymentState } from '#contract/release.ts'

/**
 * Which state may follow which. Everything before `draining` can be given up without anybody
 * noticing; from `draining` on the router serves the deployment and it can only succeed.
 */
export const followers = {
  pending: ['releasing', 'starting', 'routing', 'failed', 'superseded', 'cancelled'],
  releasing: ['starting', 'failed', 'superseded', 'cancelled'],
  starting: ['routing', 'failed', 'superseded', 'cancelled'],
  // The router may have heard of it: whoever wants it gone now rolls back.
  routing: ['draining', 'failed', 'superseded'],
  draining: ['succeeded'],
  succeeded: [],
  failed: [],
  superseded: [],
  cancelled: [],
} as const satisfies Record<DeploymentState, readonly DeploymentState[]>

export function mayFollow(from: DeploymentState, to: DeploymentState): boolean {
  return (followers[from] as readonly DeploymentState[]).includes(to)
}

/** Nothing follows: the deployment came to its end. */
export function isDone(state: DeploymentState): boolean {
  return followers[state].length === 0
}

/** The router serves it, or did when it ended. */
export function isLive(state: DeploymentState): boolean {
  return state === 'draining' || state === 'succeeded'
}

/** On its way, and not served yet. */
export function isOpen(state: DeploymentState): boolean {
  return !isDone(state) && !isLive(state)
}

/** States as a query lists them. */
export const openStates = ['pending', 'releasing', 'starting', 'routing'] as const
export const liveStates = ['draining', 'succeeded'] as const

export interface StageLimits {
  readonly releaseTimeoutMs: number
  readonly startTimeoutMs: number
  /** What its health checks may take after that. */
  readonly checksMs: number
}

/** Making the containers, apart from waiting for them to answer. */
const makingMs = 60_000
/** How long a deployment waits for a router that is down. */
const routerMs = 120_000

/** How long a deployment may stay in a state it enters; every stage has its own time. */
export function stageMs(state: DeploymentState, limits: StageLimits): number {
  if (state === 'releasing') return limits.releaseTimeoutMs + makingMs
  if (state !== 'starting') return routerMs
  return limits.startTimeoutMs + limits.checksMs + makingMs
}
