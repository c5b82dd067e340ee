import { type Build, getBuild, listBuilds } from '#contract/build.ts'
import { failure } from '#contract/error.ts'
import { findBuild } from '#controller/build/find.ts'
import { followBuild } from '#controller/build/follow.ts'
import { buildsOf } from '#controller/store/builds.ts'
import { environmentOf } from '#controller/store/environments.ts'
import { releaseByBuild } from '#controller/store/releases.ts'
import type { AppRow, BuildRow } from '#controller/store/tables.ts'
import { userById } from '#controller/store/users.ts'
import type { Deps } from './deps.ts'
import { type Http, serve } from './serve.ts'
import { openSigner } from './signature.ts'
import { serveStream } from './stream.ts'

const hourMs = 3_600_000

export function serveBuilds(http: Http, deps: Deps): void {
  const { db } = deps
  const signer = openSigner({ ttlMs: hourMs, now: deps.now })

  const show = async (app: AppRow, row: BuildRow, base: string): Promise<Build> => {
    const user = await userById(db, row.user_id)
    const release = await releaseByBuild(db, row.id)
    return {
      id: row.id,
      app: { id: app.id },
      status: row.status,
      commit: row.commit_id,
      branch: row.branch,
      stack: row.stack,
      stage: row.stage,
      output_stream_url: `${base}/streams/${signer.sign(row.id)}`,
      slug: row.slug_id === null ? null : { id: row.slug_id },
      release: release === undefined ? null : { id: release.id, version: release.version },
      user: { id: row.user_id, email: user?.email ?? '' },
      created_at: row.created_at,
      updated_at: row.updated_at,
    }
  }

  serve(http, listBuilds, async ({ app, base }) => {
    const rows = await buildsOf(db, (await environmentOf(db, app.id)).id)
    return Promise.all(rows.map((row) => show(app, row, base)))
  })

  serve(http, getBuild, async ({ app, param, base }) =>
    show(app, await findBuild(db, app, param('build')), base),
  )

  serveStream(http, '/streams/:secret', async (secret, signal) => {
    const id = signer.verify(secret)
    if (id === null) throw failure('STREAM_EXPIRED', {})
    const limit = AbortSignal.any([signal, AbortSignal.timeout(hourMs)])
    return { chunks: followBuild(deps, id, limit) }
  })
}
