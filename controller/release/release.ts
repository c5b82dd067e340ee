import type { Config } from '#contract/app.ts'
import type { CronEntry } from '#contract/cron.ts'
import type { HealthCheck } from '#contract/health-check.ts'
import type { ProcessTypes } from '#contract/release.ts'

/** Code and config under a number. A value: making one never changes another. */
export interface Release {
  /** 1, 2, 3… within its environment; 0 is `noRelease`. */
  readonly version: number
  /** The build that made it; null when config or a rollback did. */
  readonly buildId: string | null
  /** Its code; null before the first build. */
  readonly slugId: string | null
  readonly config: Config
  readonly processTypes: ProcessTypes
  /** Of its web copies. */
  readonly healthChecks: readonly HealthCheck[]
  /** What it runs by schedule while it serves. */
  readonly cron: readonly CronEntry[]
  readonly description: string
}

/** What an environment has before its first release. */
export const noRelease: Release = Object.freeze({
  version: 0,
  buildId: null,
  slugId: null,
  config: {},
  processTypes: {},
  healthChecks: [],
  cron: [],
  description: '',
})

/** null unsets a key. */
export type ConfigChange = Readonly<Record<string, string | null>>

export type Change =
  | {
      readonly kind: 'build'
      readonly buildId: string
      readonly slugId: string
      readonly commit: string
      readonly processTypes: ProcessTypes
      readonly healthChecks: readonly HealthCheck[]
      readonly cron: readonly CronEntry[]
      /** Config of the app's own files; what is set already stays. */
      readonly defaults: Config
    }
  | { readonly kind: 'config'; readonly set: ConfigChange }
  | { readonly kind: 'rollback'; readonly to: Release }

/** The release that follows `current` when `change` is applied. Numbers grow by one. */
export function nextRelease(current: Release, change: Change): Release {
  const next = { ...current, version: current.version + 1, buildId: null }
  switch (change.kind) {
    case 'build': {
      const { buildId, slugId, processTypes, healthChecks, cron } = change
      const config = applyConfig({}, { ...change.defaults, ...current.config })
      const description = `Deploy ${change.commit.slice(0, 7)}`
      const code = { buildId, slugId, processTypes, healthChecks, cron }
      return { ...next, ...code, description, config }
    }
    case 'config': {
      const config = applyConfig(current.config, change.set)
      return { ...next, config, description: describeConfig(change.set) }
    }
    case 'rollback': {
      const { slugId, config, processTypes, healthChecks, cron, version } = change.to
      const description = `Rollback to v${version}`
      return { ...next, slugId, config, processTypes, healthChecks, cron, description }
    }
  }
}

/** Why an environment cannot go back from `newest` to `to`; null when it can. */
export function reasonAgainstRollback(newest: Release, to: Release): string | null {
  if (to.slugId === null) return 'it has no code'
  return to.version === newest.version ? 'it is the newest one' : null
}

/** The part of a config change that changes something. */
export function effectOf(config: Config, set: ConfigChange): ConfigChange {
  const differs = ([key, value]: [string, string | null]): boolean =>
    Object.hasOwn(config, key) ? config[key] !== value : value !== null
  return Object.fromEntries(Object.entries(set).filter(differs))
}

function applyConfig(config: Config, set: ConfigChange): Config {
  const all = new Map(Object.entries<string | null>(config))
  for (const [key, value] of Object.entries(set)) all.set(key, value)
  const kept = [...all].filter((entry): entry is [string, string] => entry[1] !== null)
  return Object.fromEntries(kept.toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

/** `Set FOO, BAR config vars`; at most five names, since this is one line of a list. */
function describeConfig(set: ConfigChange): string {
  const added = Object.keys(set).filter((key) => set[key] !== null)
  const removed = Object.keys(set).filter((key) => set[key] === null)
  const parts = [
    ...(added.length > 0 ? [`set ${list(added)}`] : []),
    ...(removed.length > 0 ? [`remove ${list(removed)}`] : []),
  ]
  const text = `${parts.join(', ')} config vars`
  return text.charAt(0).toUpperCase() + text.slice(1)
}

const listLimit = 5

function list(names: readonly string[]): string {
  const rest = names.length - listLimit
  const shown = names.slice(0, listLimit).join(', ')
  return rest > 0 ? `${shown} and ${rest} more` : shown
}
