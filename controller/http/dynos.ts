import { failure } from '#contract/error.ts'
import { type Dyno, listDynos, restartAll, restartOne, runDyno } from '#contract/process.ts'
import type { ProcessTypes } from '#contract/release.ts'
import { dynoName, oneOffType } from '#controller/deploy/copy.ts'
import type { Deploys } from '#controller/deploy/deploys.ts'
import type { Runs } from '#controller/run/runs.ts'
import { recordDeed } from '#controller/store/audit.ts'
import { cronRunNamed } from '#controller/store/cron-runs.ts'
import { createDeployment, servingDeployment, versionRunBy } from '#controller/store/deployments.ts'
import type { Deployed } from '#controller/store/deployments.ts'
import { environmentOf } from '#controller/store/environments.ts'
import { releaseByVersion } from '#controller/store/releases.ts'
import type { AppRow, ReleaseRow } from '#controller/store/tables.ts'
import type { Fleet, Instance } from '#driver/driver.ts'
import type { Deps } from './deps.ts'
import { showOneOff } from './one-off-view.ts'
import { type Http, serve } from './serve.ts'

export interface DynoDeps extends Pick<Deps, 'db' | 'now'> {
  readonly fleet: Fleet
  readonly deploys: Deploys
  readonly runs: Runs
}

const listMs = 15_000
const stopMs = 30_000
/** Of a terminal whose size nobody told. */
const usualSize = { columns: 80, rows: 24 }

export function serveDynos(http: Http, deps: DynoDeps): void {
  const { db, fleet, deploys, runs, now } = deps

  const seen = async (app: AppRow, signal: AbortSignal): Promise<Instance[]> => {
    const { id: environmentId } = await environmentOf(db, app.id)
    const limit = AbortSignal.any([signal, AbortSignal.timeout(listMs)])
    const all = await fleet.list({ environmentId }, limit)
    return all.filter(({ type }) => type !== 'release').toSorted(byName)
  }
  const serving = async (app: AppRow): Promise<Deployed> => {
    const row = await servingDeployment(db, (await environmentOf(db, app.id)).id)
    if (row === undefined) throw failure('NOTHING_DEPLOYED', { app: app.name })
    return row
  }

  serve(http, listDynos, async ({ app, signal }) => {
    const instances = await seen(app, signal)
    const row = await servingDeployment(db, (await environmentOf(db, app.id)).id)
    return Promise.all(
      instances.map(async (instance) => {
        const release = await versionRunBy(db, instance, row)
        return show(deps, app, { ...instance, release })
      }),
    )
  })

  serve(http, restartAll, async ({ app, user }) => {
    const { environment_id: environmentId, release_id: releaseId, version } = await serving(app)
    await db.transaction().execute(async (trx) => {
      await createDeployment(trx, { environmentId, releaseId, reason: 'restart' })
      const deed = { actor: user.email, action: 'process.restart', target: app.name }
      await recordDeed(trx, { at: now().toISOString(), ...deed })
    })
    deploys.kick(environmentId)
    return { version }
  })

  serve(http, restartOne, async ({ app, user, param, signal }) => {
    const dyno = param('dyno')
    const named = (await seen(app, signal)).filter(
      (one) => dynoName(one) === dyno || one.name === dyno,
    )
    const newest = named.toSorted((a, b) => b.startedAtMs - a.startedAtMs)[0]
    if (newest === undefined) throw failure('DYNO_NOT_FOUND', { app: app.name, dyno })
    const deed = { actor: user.email, action: 'process.restart', target: `${app.name} ${dyno}` }
    await recordDeed(db, { at: now().toISOString(), ...deed })
    if (newest.type !== oneOffType) deploys.restartCopy(newest.owner.environmentId, newest.name)
    else await fleet.stop(newest.name, 0, AbortSignal.any([signal, AbortSignal.timeout(stopMs)]))
    return { version: newest.release }
  })

  serve(http, runDyno, async ({ app, user, body, base, signal }) => {
    const { command, env = {}, attach = false, tty = false, time_to_live: seconds } = body
    const { columns = usualSize.columns, rows = usualSize.rows } = body
    const { id: environmentId } = await environmentOf(db, app.id)
    const request = {
      command,
      env,
      terminal: tty ? { columns, rows } : null,
      isAttached: attach,
      timeToLiveMs: seconds === undefined ? undefined : seconds * 1000,
    }
    const made = await runs.start(app, environmentId, request, signal)
    // The command may hold a secret: who ran something is recorded, not what.
    const target = `${app.name} ${dynoName(made.copy)}`
    const deed = { actor: user.email, action: 'process.run', target }
    await recordDeed(db, { at: now().toISOString(), ...deed })
    return showOneOff(app, made, { base, now: now() })
  })
}

async function show(
  { db, deploys, runs }: DynoDeps,
  app: AppRow,
  instance: Instance,
): Promise<Dyno> {
  const { name, owner, release, type, startedAtMs } = instance
  const row = await releaseByVersion(db, owner.environmentId, release)
  const at = new Date(startedAtMs).toISOString()
  return {
    id: name,
    name: dynoName(instance),
    type,
    command: commandOf(row, type) ?? runs.commandOf(name) ?? (await recorded(db, name)) ?? '',
    state: stateOf(instance, deploys),
    release: { id: row?.id ?? '', version: release },
    app: { id: app.id, name: app.name },
    attach_url: null,
    created_at: at,
    updated_at: at,
  }
}

function commandOf(row: ReleaseRow | undefined, type: string): string | undefined {
  return (JSON.parse(row?.process_types ?? '{}') as ProcessTypes)[type]
}

/** Of a run by schedule that an earlier controller started. */
async function recorded(db: DynoDeps['db'], name: string): Promise<string | undefined> {
  return (await cronRunNamed(db, name))?.command
}

function stateOf(instance: Instance, deploys: Deploys): Dyno['state'] {
  if (instance.state === 'created') return 'starting'
  if (instance.state === 'exited') return 'crashed'
  if (instance.type === oneOffType) return 'up'
  return deploys.standing(instance)
}

function byName(a: Instance, b: Instance): number {
  return a.type === b.type ? a.index - b.index : a.type < b.type ? -1 : 1
}
