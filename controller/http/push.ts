import {
  appendOutput,
  checkOut,
  findKey,
  finishBuild,
  listKept,
  startBuild,
} from '#contract/push.ts'
import { failure } from '#contract/error.ts'
import { findPrincipal, openSession } from '#contract/ssh.ts'
import { findApp } from '#controller/app/find.ts'
import { keptDigests } from '#controller/build/kept.ts'
import { keepOutput, outputPath } from '#controller/build/output.ts'
import { beginBuild } from '#controller/build/start.ts'
import { pageHost } from '#controller/domain/page.ts'
import { grantToken } from '#controller/member/grant.ts'
import { endBuildWith } from '#controller/release/build.ts'
import { currentConfig } from '#controller/release/config.ts'
import { allApps, appById } from '#controller/store/apps.ts'
import { buildSettingsOf } from '#controller/store/build-settings.ts'
import { buildById } from '#controller/store/builds.ts'
import { environmentById, environmentOf } from '#controller/store/environments.ts'
import { userByKey } from '#controller/store/keys.ts'
import { newestRelease, newestWithCode } from '#controller/store/releases.ts'
import type { AppRow, ReleaseRow, UserRow } from '#controller/store/tables.ts'
import { userByEmail, userById } from '#controller/store/users.ts'
import type { Release } from '#contract/release.ts'
import { webUrl } from './addresses.ts'
import type { Deps } from './deps.ts'
import { releaseOf } from './release-view.ts'
import { type Http, serve } from './serve.ts'

/** What the builder asks along one push. */
export function servePush(http: Http, deps: Deps): void {
  const { db, now, outputs, news } = deps

  serve(http, findKey, async ({ param }) => {
    const user = await userByKey(db, param('fingerprint'))
    if (user === undefined) throw failure('KEY_NOT_FOUND', {})
    return { user: { id: user.id, email: user.email } }
  })

  serve(http, findPrincipal, async ({ param }) => {
    const user = await userByEmail(db, param('principal'))
    if (user === undefined) throw failure('KEY_NOT_FOUND', {})
    return { user: { id: user.id, email: user.email } }
  })

  serve(http, openSession, async ({ body }) => {
    const user = await userById(db, body.user)
    if (user === undefined) throw failure('KEY_NOT_FOUND', {})
    const grant = { description: 'ssh', expiresIn: sessionSeconds, now: now() }
    const { access_token } = await db.transaction().execute((trx) => grantToken(trx, user, grant))
    return { token: access_token.token, expires_in: sessionSeconds }
  })

  serve(http, checkOut, async ({ param, query }) => {
    const { app } = await pusherOf(deps, param('app'), query.user)
    const environment = await environmentOf(db, app.id)
    const newest = await newestRelease(db, environment.id)
    return {
      app: { id: app.id, name: app.name },
      environment: { id: environment.id, name: environment.name },
      branches: JSON.parse(environment.branches) as string[],
      stack: app.stack,
      stack_before: (await newestWithCode(db, environment.id))?.stack ?? null,
      web_url: webUrl(deps.config, await pageHost(db, deps.config, app.name, environment.id)),
      version: newest?.version ?? 0,
      config: await currentConfig(deps, { app, environment }),
      build: await buildSettingsOf(db, app.id),
    }
  })

  serve(http, startBuild, async ({ body }) => {
    const pusher = await pusherOf(deps, body.app, body.user)
    const { commit, branch, description } = body
    const build = await beginBuild(db, { ...pusher, commit, branch, description }, now())
    return { id: build.id }
  })

  serve(http, appendOutput, async ({ param, body }) => {
    const id = param('build')
    if ((await buildById(db, id)) === undefined) {
      throw failure('BUILD_NOT_FOUND', { build: id, app: 'any app' })
    }
    await keepOutput(outputPath(outputs, id), body.offset, body.text)
    news.tell(id)
  })

  serve(http, finishBuild, async ({ param, body }) => {
    const row = await endBuildWith(deps, param('build'), body, deps.config.copiesLimit)
    news.tell(param('build'))
    if (row !== null) deps.kick(row.environment_id)
    return { release: row === null ? null : await shown(deps, row) }
  })

  serve(http, listKept, async () => ({
    apps: (await allApps(db)).map((app) => app.id),
    digests: await keptDigests(db, deps.config.keptSlugs),
  }))
}

/** Of a command by SSH, if nobody revokes its token before. */
const sessionSeconds = 600

interface Pusher {
  readonly app: AppRow
  readonly user: UserRow
}

/** Throws APP_NOT_FOUND: an app that is not theirs, that is not there, and a user that is gone. */
async function pusherOf({ db }: Deps, named: string, userId: string): Promise<Pusher> {
  const user = await userById(db, userId)
  const app = user && (await findApp(db, { id: user.id, admin: user.admin === 1 }, named))
  if (user === undefined || app === undefined) throw failure('APP_NOT_FOUND', { app: named })
  return { app, user }
}

async function shown({ db }: Deps, row: ReleaseRow): Promise<Release | null> {
  const environment = await environmentById(db, row.environment_id)
  const app = environment && (await appById(db, environment.app_id))
  return environment === undefined || app === undefined
    ? null
    : releaseOf(db, { app, environment }, row)
}
