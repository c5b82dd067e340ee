import { getRelease, listReleases, rollBack } from '#contract/release.ts'
import { findRelease } from '#controller/release/find.ts'
import { rollBackTo } from '#controller/release/rollback.ts'
import { environmentOf } from '#controller/store/environments.ts'
import { releasePage } from '#controller/store/releases.ts'
import type { AppRow } from '#controller/store/tables.ts'
import type { Deps } from './deps.ts'
import { nextRange, readRange } from './range.ts'
import { type Place, releaseOf, releasesOf } from './release-view.ts'
import { type Http, serve } from './serve.ts'

export function serveReleases(http: Http, deps: Deps): void {
  const { db, kick } = deps
  const placeOf = async (app: AppRow): Promise<Place> => ({
    app,
    environment: await environmentOf(db, app.id),
  })

  serve(http, listReleases, async ({ app, header, answer }) => {
    const place = await placeOf(app)
    const page = readRange(header('range'), 'version')
    // One more than asked for tells whether there is a next page.
    const asked = { ...page, max: page.max + 1 }
    const rows = await releasePage(db, place.environment.id, asked)
    const shown = rows.slice(0, page.max)
    const last = shown.at(-1)
    answer.header('accept-ranges', 'version')
    if (last !== undefined && rows.length > shown.length) {
      answer.status(206)
      answer.header('next-range', nextRange('version', last.version, page))
    }
    return releasesOf(db, place, shown)
  })

  serve(http, getRelease, async ({ app, param }) => {
    const place = await placeOf(app)
    const row = await findRelease(db, app, place.environment, param('release'))
    return releaseOf(db, place, row)
  })

  serve(http, rollBack, async ({ app, user, body }) => {
    const place = await placeOf(app)
    const old = await findRelease(db, app, place.environment, body.release)
    const { keptSlugs } = deps.config
    const asked = { actor: user.email, keptSlugs }
    const made = await rollBackTo(deps, { ...place, userId: user.id }, old, asked)
    kick(place.environment.id)
    return releaseOf(db, place, made)
  })
}
