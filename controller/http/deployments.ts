import { failure } from '#contract/error.ts'
import { followRelease } from '#contract/push.ts'
import { followDeployment } from '#contract/release.ts'
import type { Deployment } from '#contract/release.ts'
import { isDone, isLive } from '#controller/deploy/deployment.ts'
import type { News } from '#controller/deploy/news.ts'
import { appNamed } from '#controller/app/find.ts'
import { findRelease } from '#controller/release/find.ts'
import { newestDeployment, receiptOf } from '#controller/store/deployments.ts'
import { environmentOf } from '#controller/store/environments.ts'
import { journalAfter } from '#controller/store/journal.ts'
import type { AppRow, ReleaseRow, Store } from '#controller/store/tables.ts'
import type { Deps } from './deps.ts'
import { type Call, type Http, serve } from './serve.ts'

export function serveDeployments(http: Http, { db }: Pick<Deps, 'db'>, news: News): void {
  const follow = async (
    app: AppRow,
    { param, query, signal }: Call<typeof followDeployment>,
  ): Promise<Deployment> => {
    const environment = await environmentOf(db, app.id)
    const release = await findRelease(db, app, environment, param('release'))
    const view = (): Promise<Deployment> => show(db, app.name, release, query.after ?? 0)
    return followed(news, view, Date.now() + (query.wait ?? 0) * 1000, signal)
  }
  serve(http, followDeployment, (call) => follow(call.app, call))

  serve(http, followRelease, async (call) => {
    const app = await appNamed(db, call.param('app'))
    if (app === undefined) throw failure('APP_NOT_FOUND', { app: call.param('app') })
    return follow(app, call)
  })
}

/** Looks again at each piece of news, until there is something to tell or the time is over. */
async function followed(
  news: News,
  view: () => Promise<Deployment>,
  untilMs: number,
  signal: AbortSignal,
): Promise<Deployment> {
  for (;;) {
    const { id } = await view()
    const enough = new AbortController()
    const leftMs = Math.max(untilMs - Date.now(), 0)
    const next = news.next(id, leftMs, AbortSignal.any([signal, enough.signal]))
    const seen = await view()
    const hasNews = seen.journal.length > 0 || seen.live || seen.done
    if (hasNews || leftMs === 0 || signal.aborted) {
      enough.abort()
      return seen
    }
    await next
  }
}

async function show(
  db: Store,
  app: string,
  release: ReleaseRow,
  after: number,
): Promise<Deployment> {
  const row = await newestDeployment(db, release.id)
  if (row === undefined) throw failure('NOTHING_DEPLOYED', { app })
  return {
    id: row.id,
    version: release.version,
    state: row.state,
    live: isLive(row.state),
    done: isDone(row.state),
    failure: row.failure,
    receipt: receiptOf(row),
    journal: await journalAfter(db, row.id, after),
  }
}
