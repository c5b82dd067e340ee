import { failure } from '#contract/error.ts'
import { isConfigKey } from '#contract/grammar.ts'
import type { ProcessTypes } from '#contract/release.ts'
import type { Copy } from '#controller/deploy/copy.ts'
import { dynoName, isCronRun, oneOffType } from '#controller/deploy/copy.ts'
import type { DeployDeps } from '#controller/deploy/deps.ts'
import { readPlace } from '#controller/deploy/place.ts'
import { specOf } from '#controller/deploy/spec.ts'
import { Capabilities } from '#controller/http/capabilities.ts'
import { endCronRun } from '#controller/store/cron-runs.ts'
import { servingDeployment } from '#controller/store/deployments.ts'
import type { AppRow } from '#controller/store/tables.ts'
import type { CopySpec, Instance } from '#driver/driver.ts'
import { retry } from '#lib/retry.ts'
import { isAttached, newOneOff } from './name.ts'
import { Watch } from './watch.ts'

export type RunDeps = Pick<DeployDeps, 'store' | 'fleet' | 'logs' | 'log' | 'vault' | 'settings'>

/** What somebody wants run once. */
interface Request {
  readonly command: string
  readonly env: Readonly<Record<string, string>>
  readonly terminal: { readonly columns: number; readonly rows: number } | null
  readonly isAttached: boolean
  /** After it the one-off is killed; undefined: a day. */
  readonly timeToLiveMs: number | undefined
  /**
   * What it is called, where that is on record: starting it again starts it once. Its command may be
   * the name of a process type.
   */
  readonly as?: Pick<Copy, 'name' | 'index'>
}

/** A one-off that starts when its terminal comes. */
interface Pending {
  readonly spec: CopySpec
  readonly terminal: Request['terminal']
  readonly timeToLiveMs: number
}

export interface OneOffMade {
  readonly copy: Copy
  readonly releaseId: string
  /** Of the address to attach at; null for one that runs already. */
  readonly secret: string | null
}

/** One-offs: in the slug and config of the release that serves, with or without a terminal. */
export interface Runs {
  /** Throws NOTHING_DEPLOYED, CONFIG_KEY_INVALID, or what the engine threw. */
  start(
    app: AppRow,
    environmentId: string,
    request: Request,
    signal: AbortSignal,
  ): Promise<OneOffMade>
  /** The one-off a secret stands for, once. */
  take(secret: string): Pending | undefined
  /** Looks after one that runs without a terminal, unless that is done already. */
  watch(instance: Instance): void
  isWatched(name: string): boolean
  /** Command of a one-off that was started by this process. */
  commandOf(name: string): string | undefined
  close(): Promise<void>
}

/** How long an address to attach at is good. */
const attachMs = 60_000
const dayMs = 86_400_000
const startMs = 60_000

export function openRuns(deps: RunDeps): Runs {
  const pending = new Capabilities<Pending>({ ttlMs: attachMs, now: () => new Date() })
  const commands = new Map<string, string>()
  const closing = new AbortController()
  const watch = new Watch(deps, async (one, exitCode) => {
    commands.delete(one.name)
    if (isCronRun(one)) await endCronRun(deps.store, one.name, endedWith(exitCode))
  })
  const reaping = reap(deps, watch, closing.signal)

  return {
    start: async (app, environmentId, request, signal) => {
      const { spec, copy, releaseId } = await prepare(deps, app, environmentId, request)
      const timeToLiveMs = Math.min(request.timeToLiveMs ?? dayMs, dayMs)
      if (request.isAttached) {
        const secret = pending.grant({ spec, terminal: request.terminal, timeToLiveMs })
        return { copy, releaseId, secret }
      }
      commands.set(copy.name, copy.command)
      try {
        await deps.fleet.start(spec, AbortSignal.any([signal, AbortSignal.timeout(startMs)]))
      } catch (error) {
        commands.delete(copy.name)
        throw error
      }
      deps.logs.event(environmentId, dynoName(copy), 'started')
      watch.begin({ ...copy, environmentId }, timeToLiveMs)
      return { copy, releaseId, secret: null }
    },
    take: (secret) => pending.take(secret),
    watch: (instance) => watchAgain(watch, instance),
    isWatched: (name) => watch.has(name),
    commandOf: (name) => commands.get(name),
    close: async () => {
      closing.abort()
      await reaping
      await watch.close()
    },
  }
}

async function prepare(
  deps: RunDeps,
  app: AppRow,
  environmentId: string,
  request: Request,
): Promise<{ spec: CopySpec; copy: Copy; releaseId: string }> {
  for (const key of Object.keys(request.env))
    if (!isConfigKey(key)) throw failure('CONFIG_KEY_INVALID', { key })
  const serving = await servingDeployment(deps.store, environmentId)
  const place = await readPlace(deps.store, environmentId)
  if (serving === undefined || place === null || serving.slug_id === null)
    throw failure('NOTHING_DEPLOYED', { app: app.name })
  const { instance } = deps.settings
  const from = { instance, app: app.name, isAttached: request.isAttached }
  const command = request.as === undefined ? request.command : commandLine(serving, request.command)
  const of = { deploymentId: serving.id, release: serving.version, command }
  const copy =
    request.as === undefined ? newOneOff(from, of) : { ...request.as, type: oneOffType, ...of }
  const spec = await specOf(deps, place, serving, copy)
  const env = { ...spec.env, ...request.env }
  return { spec: { ...spec, env }, copy, releaseId: serving.release_id }
}

/** The command line of a process type, where a command is the name of one. */
function commandLine(
  { process_types }: { readonly process_types: string },
  command: string,
): string {
  const types = JSON.parse(process_types) as ProcessTypes
  return Object.hasOwn(types, command) ? (types[command] ?? command) : command
}

function endedWith(exitCode: number): { ended_at: string; exit_code: number } {
  return { ended_at: new Date().toISOString(), exit_code: exitCode }
}

function watchAgain(watch: Watch, one: Instance): void {
  const leftMs = one.startedAtMs + dayMs - Date.now()
  watch.begin({ ...one, environmentId: one.owner.environmentId }, leftMs)
}

const reapPauseMs = 5000

/**
 * What an earlier controller left: one-offs whose terminal is gone are killed, the others are looked
 * after again. Waits for an engine that is down.
 */
async function reap({ fleet, log }: RunDeps, watch: Watch, closing: AbortSignal): Promise<void> {
  const beganMs = Date.now()
  const pass = async (): Promise<void> => {
    const signal = AbortSignal.any([closing, AbortSignal.timeout(startMs)])
    const left = (await fleet.list({}, signal)).filter(
      ({ type, startedAtMs }) => type === oneOffType && startedAtMs < beganMs,
    )
    for (const one of left) {
      // What was to run by schedule is on record, and started or given up by who keeps that.
      const isLost = one.state === 'created' && !isCronRun(one)
      if (isAttached(one.name) || isLost) await fleet.stop(one.name, 0, signal)
      else if (one.state !== 'created') watchAgain(watch, one)
    }
  }
  const isPassing = (error: unknown): boolean => {
    log.warn('run.reaper_failed', { reason: error instanceof Error ? error.message : null })
    return true
  }
  const untilDone = { times: Infinity, pauseMs: reapPauseMs, isPassing }
  await retry(pass, untilDone, closing).catch(() => undefined)
}
