import t, { type Test } from 'tap'
import { answers, type Answered } from '#builder/calls.ts'
import { listenHttp } from '#builder/http.ts'
import { createApp, setConfig } from '#contract/app.ts'
import { cancelBuild } from '#contract/build.ts'
import { cancelRunning, collectAll } from '#contract/builder.ts'
import { finishBuild, listKept } from '#contract/push.ts'
import { rollBack } from '#contract/release.ts'
import { collectGarbage, pruneBuilds } from '#contract/space.ts'
import { enterState } from '#controller/store/deployments.ts'
import type { DeploymentRow } from '#controller/store/tables.ts'
import { openLog } from '#lib/log.ts'
import { startPlatform, type Caller, type Platform } from '#test/controller/platform.ts'
import { begin, good, push } from '#test/controller/push.ts'

interface World {
  readonly platform: Platform
  readonly alice: Caller
  readonly app: string
  /** What the builder was asked. */
  readonly asked: unknown[]
}

type End = 'cancelled' | 'too-late' | 'unknown'

const token = 'the-token-of-the-programs'
const collected = { freed: [{ kind: 'slugs', count: 2, size: 10 }], size: 10, free: 99 }

/** A controller with a builder that says `end` of every build it is to cancel; null: it is away. */
async function openWorld(t: Test, end: End | null, env: Record<string, string> = {}) {
  const asked: unknown[] = []
  const calls: Answered[] = [
    answers(cancelRunning, async (_params, body) => {
      asked.push(body)
      return { end: end ?? 'unknown' }
    }),
    answers(collectAll, async (_params, body) => {
      asked.push(body)
      return { ...collected, dry_run: body.dry_run }
    }),
  ]
  const log = openLog('test', () => undefined)
  const at = { host: '127.0.0.1', port: 0, token, archives: '/nonexistent' }
  const http = await listenHttp({ ...at, calls, log })
  t.teardown(() => http.close())
  if (end === null) await http.close()
  const builder = { url: `http://127.0.0.1:${http.port}`, token, program: 'builder' }
  const platform = await startPlatform(t, { builder }, env)
  const alice = await platform.user('alice@example.com')
  const { id } = await alice(createApp, { body: { name: 'shop' } })
  return { platform, alice, app: id, asked } satisfies World
}

const latest = { params: { app: 'shop', build: 'latest' } }

async function newest({ deps }: Platform): Promise<DeploymentRow> {
  return deps.db
    .selectFrom('deployments')
    .selectAll()
    .orderBy('seq', 'desc')
    .executeTakeFirstOrThrow()
}

t.test('a build that runs is cancelled by the builder, in the name of who asked', async (t) => {
  const { platform, alice, app, asked } = await openWorld(t, 'cancelled')
  const build = await begin(platform.builder, { app, by: alice, text: 'one' })
  t.match(await alice(cancelBuild, latest), { id: build, status: 'cancelled', release: null })
  t.strictSame(asked, [{ by: 'alice@example.com' }])
  const late = platform.builder(finishBuild, { params: { build }, body: good({ text: 'one' }) })
  t.strictSame(await late, { release: null }, 'and makes no release any more')
  await t.rejects(alice(cancelBuild, latest), { code: 'BUILD_ENDED', message: /it has cancelled/ })
})

for (const end of ['unknown', null] as const) {
  const what = end === null ? 'whose builder is away' : 'no builder knows'
  t.test(`a build ${what} has ended as well`, async (t) => {
    const { platform, alice, app } = await openWorld(t, end)
    await begin(platform.builder, { app, by: alice, text: 'one' })
    t.match(await alice(cancelBuild, latest), { status: 'cancelled', stage: 'cancelled' })
  })
}

t.test('a release is cancelled until the router has heard of it', async (t) => {
  const { platform, alice, app } = await openWorld(t, 'unknown')
  await push(platform, { app, by: alice, text: 'one' })
  t.match(await alice(cancelBuild, latest), { status: 'succeeded', release: { version: 1 } })
  const ended = await newest(platform)
  t.match(ended, {
    state: 'cancelled',
    failure: 'cancelled by alice@example.com before it was live',
  })
  const journal = await platform.deps.db.selectFrom('journal').selectAll().execute()
  t.match(journal, [{ deployment_id: ended.id, kind: 'error' }])

  await push(platform, { app, by: alice, text: 'two' })
  const { id } = await newest(platform)
  for (const state of ['starting', 'routing'] as const) {
    await enterState(platform.deps.db, id, { state, stageMs: 1000 })
  }
  await t.rejects(alice(cancelBuild, latest), { code: 'BUILD_ENDED', message: /v2 goes live/ })
  t.match(await newest(platform), { state: 'routing' })
})

t.test('somebody else cancels nothing', async (t) => {
  const { platform, alice, app } = await openWorld(t, 'cancelled')
  await begin(platform.builder, { app, by: alice, text: 'one' })
  const bob = await platform.user('bob@example.com')
  await t.rejects(bob(cancelBuild, latest), { code: 'APP_NOT_FOUND' })
})

t.test('space is collected for one app by its people, for all by administrators', async (t) => {
  const { platform, alice, app, asked } = await openWorld(t, 'cancelled')
  t.match(await alice(pruneBuilds, { params: { app: 'shop' } }), { size: 10, dry_run: false })
  t.match(asked.at(-1), { dry_run: false, app: { id: app, name: 'shop' } })
  await t.rejects(alice(collectGarbage, { body: { dry_run: true } }), { code: 'FORBIDDEN' })
  const root = await platform.user('root@example.com', { admin: true })
  t.match(await root(collectGarbage, { body: { dry_run: true } }), { dry_run: true })
  const deeds = await platform.deps.db.selectFrom('audit').select('action').execute()
  t.equal(
    deeds.filter(({ action }) => action === 'space.collect').length,
    1,
    'a dry run is no deed',
  )
})

t.test('the newest slugs and the one that serves are kept; others are no way back', async (t) => {
  const { platform, alice, app } = await openWorld(t, 'cancelled', { SLIPWAY_KEEP_SLUGS: '2' })
  const digests: string[] = []
  for (const text of ['one', 'two', 'three']) {
    await push(platform, { app, by: alice, text })
    digests.push(good({ text }).slug.digest)
    if (text === 'one') await platform.deps.db.updateTable('deployments').set(live).execute()
    else
      await platform.deps.db.updateTable('deployments').set(failed).where('seq', '>', 1).execute()
  }
  await alice(setConfig, { params: { app: 'shop' }, body: { A: 'b' } })
  const kept = async () => (await platform.builder(listKept)).digests
  t.strictSame(new Set(await kept()), new Set(digests), 'v1 still serves')
  await platform.deps.db.updateTable('deployments').set(live).where('seq', '=', 3).execute()
  t.strictSame(new Set(await kept()), new Set(digests.slice(1)))
  const back = (release: string) => alice(rollBack, { params: { app: 'shop' }, body: { release } })
  await t.rejects(back('1'), { code: 'ROLLBACK_IMPOSSIBLE', message: /only the newest 2 slugs/ })
  t.match(await back('2'), { version: 5 })
})

const live = { state: 'succeeded', live_at: '2026-01-31T10:00:00.000Z' } as const
const failed = { state: 'failed' } as const
