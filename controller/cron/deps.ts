import type { RunDeps, Runs } from '#controller/run/runs.ts'

/** What runs by schedule need of the rest of the controller. */
export interface CronDeps extends RunDeps {
  readonly runs: Runs
  readonly now: () => Date
}
