import { type Static, Type } from 'typebox'
import { endpoint } from './endpoint.ts'
import { Uuid } from './grammar.ts'

export const LogSession = Type.Object({
  id: Uuid,
  /**
   * Text, one line each: `2026-01-31T10:00:00.000Z app[web.1]: text` (source `app` or `slipway`;
   * `slipway[router]` are requests, one line each).
   * No auth header: the URL is the capability. Plain chunked text, or server-sent events (one `data:`
   * per line) when `Accept` asks for `text/event-stream`. An empty line is a sign of life.
   */
  logplex_url: Type.String(),
})
export type LogSession = Static<typeof LogSession>

export const openLog = endpoint({
  method: 'POST',
  path: '/apps/:app/log-sessions',
  summary: 'Get an address to read the log of an app from.',
  allow: 'app',
  status: 201,
  body: Type.Object({
    /** Lines of the past, 0 to 10,000; 100 unless told. */
    lines: Type.Optional(Type.Integer({ minimum: 0, maximum: 10_000 })),
    /** Only this process type or copy: `web`, `web.1`. */
    dyno: Type.Optional(Type.String()),
    /** Only `app` (the app's own output) or `slipway` (what we did). */
    source: Type.Optional(Type.String()),
    /** Stay and follow. */
    tail: Type.Optional(Type.Boolean()),
  }),
  reply: LogSession,
  errors: ['APP_NOT_FOUND'],
})

/** Lines of an environment that is not there, or is younger than they are, go nowhere. */
export const appendLines = endpoint({
  method: 'POST',
  path: '/internal/lines',
  summary: 'Append access lines of the router to the logs of apps.',
  allow: 'router',
  body: Type.Object({
    logs: Type.Array(
      Type.Object({
        app: Type.String(),
        environment: Type.String(),
        lines: Type.Array(
          Type.Object({
            /** Milliseconds since 1970. */
            at: Type.Integer({ minimum: 0 }),
            text: Type.String(),
          }),
        ),
      }),
    ),
  }),
})
