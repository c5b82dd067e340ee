import { type Static, Type } from 'typebox'
import { endpoint } from './endpoint.ts'
import { Time, Uuid } from './grammar.ts'

export const Formation = Type.Object({
  type: Type.String(),
  command: Type.String(),
  quantity: Type.Integer(),
  /** Memory of each copy. */
  size: Type.String(),
  app: Type.Object({ id: Uuid, name: Type.String() }),
})
export type Formation = Static<typeof Formation>

/** A running copy of a process type, or a one-off. */
export const Dyno = Type.Object({
  id: Type.String(),
  /** `web.1`, `run.4821`; `cron.1` is a run by schedule. */
  name: Type.String(),
  /** `run` for all one-offs. */
  type: Type.String(),
  command: Type.String(),
  state: Type.Union([
    Type.Literal('starting'),
    Type.Literal('up'),
    Type.Literal('crashed'),
    Type.Literal('down'),
  ]),
  release: Type.Object({ id: Uuid, version: Type.Integer() }),
  app: Type.Object({ id: Uuid, name: Type.String() }),
  /** For `run` with attach: where to open the terminal (see `attach`). */
  attach_url: Type.Union([Type.String(), Type.Null()]),
  created_at: Time,
  updated_at: Time,
})
export type Dyno = Static<typeof Dyno>

export const listFormation = endpoint({
  method: 'GET',
  path: '/apps/:app/formation',
  summary: 'The process types of an app and how many copies of each should run.',
  allow: 'app',
  reply: Type.Array(Formation),
  errors: ['APP_NOT_FOUND'],
})

export const scale = endpoint({
  method: 'PATCH',
  path: '/apps/:app/formation',
  summary: 'Change how many copies of process types run.',
  allow: 'app',
  body: Type.Object({
    updates: Type.Array(Type.Object({ type: Type.String(), quantity: Type.Integer() })),
  }),
  reply: Type.Array(Formation),
  errors: ['APP_NOT_FOUND', 'NOTHING_DEPLOYED', 'PROCESS_TYPE_UNKNOWN', 'QUANTITY_INVALID'],
})

export const listDynos = endpoint({
  method: 'GET',
  path: '/apps/:app/dynos',
  summary: 'What runs of an app now.',
  allow: 'app',
  reply: Type.Array(Dyno),
  errors: ['APP_NOT_FOUND', 'ENGINE_DOWN'],
})

/** A rolling restart: new copies are up before the old ones are drained. */
export const restartAll = endpoint({
  method: 'DELETE',
  path: '/apps/:app/dynos',
  summary: 'Restart every process of an app, without dropping a request.',
  allow: 'app',
  status: 202,
  reply: Type.Object({ version: Type.Integer() }),
  errors: ['APP_NOT_FOUND', 'NOTHING_DEPLOYED'],
})

/** Stops one copy; the next pass starts it again. Ends a one-off for good. */
export const restartOne = endpoint({
  method: 'DELETE',
  path: '/apps/:app/dynos/:dyno',
  summary: 'Restart one process, or end a one-off.',
  allow: 'app',
  status: 202,
  reply: Type.Object({ version: Type.Integer() }),
  errors: ['APP_NOT_FOUND', 'DYNO_NOT_FOUND', 'ENGINE_DOWN'],
})

/**
 * A one-off in the slug and config of the current release.
 *
 * `attach_url` is `http://HOST:PORT/attach/SECRET`, good once and for 60 s: request it with
 * `Connection: Upgrade`, `Upgrade: slipway-attach`; after the 101 both sides speak frames, see
 * `contract/attach.ts`.
 */
export const runDyno = endpoint({
  method: 'POST',
  path: '/apps/:app/dynos',
  summary: 'Run a command in a one-off container of the current release.',
  allow: 'app',
  status: 201,
  body: Type.Object({
    command: Type.String({ minLength: 1, maxLength: 16_384 }),
    attach: Type.Optional(Type.Boolean()),
    env: Type.Optional(Type.Record(Type.String(), Type.String())),
    /** Give the command a terminal. */
    tty: Type.Optional(Type.Boolean()),
    /** Columns and rows of it. */
    columns: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
    rows: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
    time_to_live: Type.Optional(Type.Integer({ minimum: 1, description: 'seconds' })),
  }),
  reply: Dyno,
  errors: ['APP_NOT_FOUND', 'NOTHING_DEPLOYED', 'CONFIG_KEY_INVALID', 'ENGINE_DOWN'],
})
