import { type Static, Type } from 'typebox'
import { endpoint } from './endpoint.ts'
import { Time } from './grammar.ts'
import { Dyno } from './process.ts'

export const cronLimits = {
  entries: 50,
  scheduleLength: 200,
  commandLength: 2000,
} as const

/**
 * What happens when a run is due while one of the same entry goes on.
 *
 * - `forbid`: it is skipped
 * - `allow`: both run
 * - `replace`: the earlier one is stopped
 */
export const concurrencyPolicies = ['forbid', 'allow', 'replace'] as const
export type ConcurrencyPolicy = (typeof concurrencyPolicies)[number]

/** A command that is run again and again; a release has a list of them. */
export const CronEntry = Type.Object({
  /** Five fields, or `@daily` and the like; in UTC. */
  schedule: Type.String({ minLength: 1, maxLength: cronLimits.scheduleLength }),
  /** A command line, or the name of a process type, whose command line is meant. */
  command: Type.String({
    pattern: '^[^\\u0000]+$',
    maxLength: cronLimits.commandLength,
  }),
  concurrency_policy: Type.Unsafe<ConcurrencyPolicy>(
    Type.Union(concurrencyPolicies.map((policy) => Type.Literal(policy))),
  ),
  /** It is run when somebody asks for it, and not by its schedule. */
  maintenance: Type.Boolean(),
})
export type CronEntry = Static<typeof CronEntry>

/** An entry of the release that serves. */
export const CronJob = Type.Object({
  /** Place in the list, from 1: its runs are the process `cron.<number>`. */
  number: Type.Integer({ minimum: 1 }),
  ...CronEntry.properties,
  /** Null: only when somebody asks for it. */
  next_run_at: Type.Union([Time, Type.Null()]),
  /** The newest one, by schedule or by hand; null before the first. */
  last_run: Type.Union([
    Type.Object({
      /** The minute of its schedule, or when somebody asked for it. */
      due_at: Time,
      /** Null: not yet; when it has ended, it was never started. */
      started_at: Type.Union([Time, Type.Null()]),
      /** Null: it goes on. */
      ended_at: Type.Union([Time, Type.Null()]),
      /** Null: it goes on, was never started, or nobody saw how it ended. */
      exit_code: Type.Union([Type.Integer(), Type.Null()]),
    }),
    Type.Null(),
  ]),
})
export type CronJob = Static<typeof CronJob>

export const listCron = endpoint({
  method: 'GET',
  path: '/apps/:app/cron',
  summary: 'The commands that the current release runs by schedule.',
  allow: 'app',
  reply: Type.Array(CronJob),
  errors: ['APP_NOT_FOUND'],
})

export const runCron = endpoint({
  method: 'POST',
  path: '/apps/:app/cron/:number/actions/run',
  summary: 'Run one of these commands now, whatever its schedule.',
  allow: 'app',
  status: 201,
  reply: Dyno,
  errors: ['APP_NOT_FOUND', 'NOTHING_DEPLOYED', 'CRON_NOT_FOUND', 'CRON_RUNNING', 'ENGINE_DOWN'],
})
