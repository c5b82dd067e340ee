import { appendLines } from '#contract/log.ts'
import type { Logs } from '#controller/logs/logs.ts'
import { environmentNamed } from '#controller/store/environments.ts'
import type { Deps } from './deps.ts'
import { type Http, serve } from './serve.ts'

/** What the router tells of requests, into the logs of their apps. */
export function serveLines(http: Http, { db }: Pick<Deps, 'db'>, logs: Logs): void {
  serve(http, appendLines, async ({ body }) => {
    for (const { app, environment, lines } of body.logs) {
      const row = await environmentNamed(db, app, environment)
      if (row === undefined) continue
      // A name may have had another owner when these requests were made.
      const sinceMs = Date.parse(row.created_at)
      const own = lines.filter(({ at }) => at >= sinceMs)
      await logs.requests(
        row.id,
        own.map(({ at, text }) => ({ atMs: at, text })),
      )
    }
  })
}
