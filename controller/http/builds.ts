import {
  type Build,
  type BuildInputs,
  cancelBuild,
  createBuild,
  getVerification,
  verifyBuild,
  getBuild,
  listBuilds,
} from '#contract/build.ts'
import { getBom } from '#contract/bom.ts'
import { failure } from '#contract/error.ts'
import { collectGarbage, pruneBuilds } from '#contract/space.ts'
import { cancelBuild as cancel } from '#controller/build/cancel.ts'
import { bomOfBuild } from '#controller/build/bom.ts'
import { deployWith } from '#controller/build/deploy.ts'
import { findBuild } from '#controller/build/find.ts'
import { followBuild } from '#controller/build/follow.ts'
import { collectSpace } from '#controller/build/space.ts'
import { beginVerification, verificationOf } from '#controller/build/verify.ts'
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
      inputs: row.inputs === null ? null : (JSON.parse(row.inputs) as BuildInputs),
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

  serve(http, createBuild, async ({ app, body, user, base, signal }) => {
    const id = await deployWith(deps, app, user, body, signal)
    return show(app, await findBuild(db, app, id), base)
  })

  serve(http, getBuild, async ({ app, param, base }) =>
    show(app, await findBuild(db, app, param('build')), base),
  )

  serve(http, getBom, async ({ app, param }) =>
    bomOfBuild(db, app, await findBuild(db, app, param('build'))),
  )

  serve(http, verifyBuild, async ({ app, param, signal }) =>
    beginVerification(deps, app, await findBuild(db, app, param('build')), signal),
  )

  serve(http, getVerification, ({ app, param, signal }) =>
    verificationOf(deps, app, param('verification'), signal),
  )

  serve(http, cancelBuild, async ({ app, param, user, base }) => {
    const build = await findBuild(db, app, param('build'))
    await cancel(deps, app, build, user.email)
    return show(app, await findBuild(db, app, build.id), base)
  })

  serve(http, pruneBuilds, ({ app, user, signal }) =>
    collectSpace(deps, { app, dryRun: false, by: user.email }, signal),
  )

  serve(http, collectGarbage, ({ body, user, signal }) =>
    collectSpace(deps, { app: null, dryRun: body.dry_run, by: user.email }, signal),
  )

  serveStream(http, '/streams/:secret', async (secret, signal) => {
    const id = signer.verify(secret)
    if (id === null) throw failure('STREAM_EXPIRED', {})
    const limit = AbortSignal.any([signal, AbortSignal.timeout(hourMs)])
    return { chunks: followBuild(deps, id, limit) }
  })
}
