import { call, type Peer } from '#contract/call.ts'
import type { BodyOf } from '#contract/endpoint.ts'
import { failure, SlipwayError } from '#contract/error.ts'
import { why, type WhyAnswer } from '#contract/route.ts'
import { explain, type Explanation } from '#contract/why.ts'
import { findApp } from '#controller/app/find.ts'
import { environmentOf } from '#controller/store/environments.ts'
import { releaseById } from '#controller/store/releases.ts'
import { servingReleaseId } from '#controller/store/standing.ts'
import type { AppRow, EnvironmentRow, Store } from '#controller/store/tables.ts'
import type { User } from './actor.ts'
import type { Deps } from './deps.ts'
import { type Http, serve } from './serve.ts'

const answerMs = 5000

export function serveWhy(http: Http, { db, router }: Deps): void {
  serve(http, explain, async ({ body, user, signal }) => {
    const url = readUrl(body.url)
    const method = (body.method ?? 'GET').toUpperCase()
    const answer = await ask(router, { ...body, method, url: url.href }, signal)
    const place = await placeOf(db, user, answer)
    if (place === null) throw failure('NO_ROUTE', { host: url.hostname })
    return explanationOf(db, url, answer, place)
  })
}

/** Without a name and password in it: nobody needs to know them for an answer. */
function readUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw failure('URL_INVALID', { url: text.slice(0, 300) })
  }
  url.username = ''
  url.password = ''
  return url
}

async function ask(
  router: Peer,
  body: BodyOf<typeof why>,
  signal: AbortSignal,
): Promise<WhyAnswer> {
  const late = AbortSignal.timeout(answerMs)
  try {
    return await call(router, why, { body, signal: AbortSignal.any([signal, late]) })
  } catch (error) {
    const isRefused = error instanceof SlipwayError && error.code === 'UNAUTHORIZED'
    const isLate = late.aborted && !signal.aborted
    if (!isRefused && !isLate) throw error
    const reason = isRefused ? 'it does not take our token' : 'no answer in time'
    throw failure('UNAVAILABLE', { program: router.program, reason }, { cause: error })
  }
}

interface Place {
  readonly app: AppRow
  readonly environment: EnvironmentRow
  readonly rule: Explanation['rule']
}

/** Null for what leads nowhere, and for what leads to an app of others: both look the same. */
async function placeOf(db: Store, user: User, answer: WhyAnswer): Promise<Place | null> {
  const { app: name, rule } = answer
  const app = name === undefined ? undefined : await findApp(db, user, name)
  if (app === undefined || rule === undefined) return null
  return { app, rule, environment: await environmentOf(db, app.id) }
}

async function explanationOf(
  db: Store,
  url: URL,
  answer: WhyAnswer,
  { app, environment, rule }: Place,
): Promise<Explanation> {
  return {
    url: url.href,
    table: answer.table,
    host: answer.host,
    target: answer.target,
    sent: answer.sent,
    rule,
    app: { id: app.id, name: app.name },
    environment: { id: environment.id, name: environment.name },
    settings: answer.settings ?? {},
    release: await releaseOf(db, environment.id),
    in_flight: answer.in_flight,
    instead: answer.instead ?? null,
    instances: answer.instances.map((one) => ({ ...one, name: dyno(one.id) })),
    certificate: answer.certificate ?? null,
  }
}

async function releaseOf(db: Store, environmentId: string): Promise<Explanation['release']> {
  const id = await servingReleaseId(db, environmentId)
  const row = id === undefined ? undefined : await releaseById(db, id)
  if (row === undefined) return null
  const { version, description, created_at } = row
  return { id: row.id, version, description, created_at }
}

/** `slw-main-shop-1a2b3c4d-web-1` is `web.1`. */
function dyno(name: string): string {
  return /([^-]+)-(\d+)$/.exec(name)?.slice(1).join('.') ?? name
}
