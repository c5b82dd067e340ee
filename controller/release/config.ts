import type { Config } from '#contract/app.ts'
import { failure } from '#contract/error.ts'
import { configBytes, configLimitBytes, isConfigKey } from '#contract/grammar.ts'
import { recordDeed } from '#controller/store/audit.ts'
import { newestRelease } from '#controller/store/releases.ts'
import type { ReleaseRow } from '#controller/store/tables.ts'
import { makeRelease, type Place, type ReleaseDeps } from './make.ts'
import { type ConfigChange, effectOf, nextRelease } from './release.ts'
import { releaseFrom } from './rows.ts'

export interface ConfigOutcome {
  readonly config: Config
  /** Null when the change changed nothing. */
  readonly release: ReleaseRow | null
}

/** The config of an environment as its newest release has it. */
export async function currentConfig(
  { db, vault }: ReleaseDeps,
  { app, environment }: Pick<Place, 'app' | 'environment'>,
): Promise<Config> {
  return releaseFrom(vault, app, await newestRelease(db, environment.id)).config
}

/**
 * Sets and unsets config; a change that changes something becomes a release.
 *
 * Throws CONFIG_KEY_INVALID, CONFIG_TOO_LARGE or INVALID_PARAMS, and then nothing has happened.
 */
export async function changeConfig(
  deps: ReleaseDeps,
  place: Place,
  set: ConfigChange,
  actor: string,
): Promise<ConfigOutcome> {
  refuseWrong(set)
  return deps.db.transaction().execute(async (trx) => {
    const within = { ...deps, db: trx }
    const newest = releaseFrom(
      deps.vault,
      place.app,
      await newestRelease(trx, place.environment.id),
    )
    const effect = effectOf(newest.config, set)
    if (Object.keys(effect).length === 0) return { config: newest.config, release: null }
    const change = { kind: 'config', set: effect } as const
    const { config } = nextRelease(newest, change)
    refuseLarge(config)
    const release = await makeRelease(within, place, change)
    await recordDeed(trx, {
      at: release.created_at,
      actor,
      action: 'config.set',
      target: place.app.name,
      detail: { keys: Object.keys(effect), version: release.version },
    })
    return { config, release }
  })
}

function refuseWrong(set: ConfigChange): void {
  for (const [key, value] of Object.entries(set)) {
    if (!isConfigKey(key)) throw failure('CONFIG_KEY_INVALID', { key: key.slice(0, 130) })
    // No process can be given one: its environment ends there.
    if (value?.includes('\0') === true) {
      throw failure('INVALID_PARAMS', { reason: `the value of ${key} has a NUL character` })
    }
  }
}

function refuseLarge(config: Config): void {
  const size = configBytes(config)
  const limit = configLimitBytes
  if (size > limit) throw failure('CONFIG_TOO_LARGE', { limit, size })
}
