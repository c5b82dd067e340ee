import { type Static, type TSchema, Type } from 'typebox'
import { endpoint } from './endpoint.ts'

/**
 * What the router does for an app besides finding it. It is of no release: a change takes effect at
 * once, and a rollback leaves it as it is.
 */

const pageBytes = 65_536
const orNull = <T extends TSchema>(type: T) => Type.Union([type, Type.Null()])
/** HTML. */
const Page = Type.String({ maxLength: pageBytes, description: `at most ${pageBytes} bytes` })

/** Strict-Transport-Security: browsers that saw it use TLS only, for as long as it says. */
export const Hsts = Type.Object({
  max_age: Type.Integer({ minimum: 0, maximum: 63_072_000, description: 'seconds' }),
  include_subdomains: Type.Boolean(),
  preload: Type.Boolean(),
})
export type Hsts = Static<typeof Hsts>

interface LimitRow {
  readonly unit: 'ms' | 'bytes' | 'count'
  readonly min: number
  readonly max: number
  readonly what: string
}

const secondMs = 1000
const hourMs = 3_600_000

/** What may be set, from where to where; null is the router's own default. */
export const edgeLimits = {
  first_byte_ms: {
    unit: 'ms',
    min: secondMs,
    max: hourMs,
    what: 'until the first byte of an answer',
  },
  rolling_ms: { unit: 'ms', min: secondMs, max: hourMs, what: 'of silence after the first byte' },
  body_limit: { unit: 'bytes', min: 1024, max: 1024 ** 4, what: 'of a request body' },
  app_cap: { unit: 'count', min: 1, max: 100_000, what: 'requests at once in the app' },
  instance_cap: { unit: 'count', min: 1, max: 100_000, what: 'requests at once in one process' },
  queue: { unit: 'count', min: 0, max: 100_000, what: 'requests that may wait' },
  hold_ms: { unit: 'ms', min: 0, max: 300_000, what: 'a request may wait' },
} as const satisfies Record<string, LimitRow>

export type EdgeLimit = keyof typeof edgeLimits

function limitOf({ min, max }: LimitRow) {
  return orNull(Type.Integer({ minimum: min, maximum: max }))
}

export const EdgeLimits = Type.Object({
  first_byte_ms: limitOf(edgeLimits.first_byte_ms),
  rolling_ms: limitOf(edgeLimits.rolling_ms),
  body_limit: limitOf(edgeLimits.body_limit),
  app_cap: limitOf(edgeLimits.app_cap),
  instance_cap: limitOf(edgeLimits.instance_cap),
  queue: limitOf(edgeLimits.queue),
  hold_ms: limitOf(edgeLimits.hold_ms),
})

const settings = {
  /** Everybody gets 503 and the page instead of the app. */
  maintenance: Type.Boolean(),
  /** null: our own page. */
  maintenance_page: orNull(Page),
  /** Instead of our own page where the app does not answer (502, 503, 504). */
  error_page: orNull(Page),
  /** Addresses and ranges (CIDR); all others get 403. Empty: everybody may come. */
  allow: Type.Array(Type.String({ maxLength: 64 }), { maxItems: 256 }),
  /** Redirect http to https. */
  https: Type.Boolean(),
  hsts: orNull(Hsts),
  limits: EdgeLimits,
}

export const EdgeSettings = Type.Object({
  ...settings,
  /** Users who are asked for a password (Basic authentication). Empty: nobody is asked. */
  auth: Type.Array(Type.Object({ user: Type.String() })),
})
export type EdgeSettings = Static<typeof EdgeSettings>

/** A misspelt name would otherwise be taken for a change. */
const nothingElse = { additionalProperties: false }

/** What is not named stays. */
export const EdgeChange = Type.Partial(
  Type.Object({
    ...settings,
    hsts: orNull(Type.Object(Hsts.properties, nothingElse)),
    limits: Type.Partial(EdgeLimits, nothingElse),
    /** User → password; null removes the user. Others stay. */
    auth: Type.Record(Type.String(), orNull(Type.String({ minLength: 8, maxLength: 256 }))),
  }),
  nothingElse,
)
export type EdgeChange = Static<typeof EdgeChange>

export const getEdge = endpoint({
  method: 'GET',
  path: '/apps/:app/edge',
  summary: 'What the router does for an app: maintenance, pages, access, TLS, limits.',
  allow: 'app',
  reply: EdgeSettings,
  errors: ['APP_NOT_FOUND'],
})

export const setEdge = endpoint({
  method: 'PATCH',
  path: '/apps/:app/edge',
  summary: 'Change what the router does for an app; takes effect at once, without a release.',
  allow: 'app',
  body: EdgeChange,
  reply: EdgeSettings,
  errors: ['APP_NOT_FOUND', 'EDGE_INVALID'],
})
