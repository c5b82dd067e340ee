import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { createApp, getApp, getConfig, setConfig } from '#contract/app.ts'
import type { CronEntry } from '#contract/cron.ts'
import type { HealthCheck } from '#contract/health-check.ts'
import { listFormation, scale } from '#contract/process.ts'
import { checkOut, finishBuild, listKept } from '#contract/push.ts'
import { getRelease, listReleases, rollBack } from '#contract/release.ts'
import { firstBrokenDeed } from '#controller/store/audit.ts'
import { httpCheck } from '#test/controller/http-check.ts'
import { startPlatform } from '#test/controller/platform.ts'
import type { Caller, Platform } from '#test/controller/platform.ts'
import { begin, good, push } from '#test/controller/push.ts'

const params = { app: 'shop' }

interface Shop {
  readonly platform: Platform
  readonly alice: Caller
  readonly id: string
}

async function openShop(t: Parameters<typeof startPlatform>[0]): Promise<Shop> {
  const platform = await startPlatform(t)
  const alice = await platform.user('alice@example.com')
  const { id } = await alice(createApp, { body: { name: 'shop' } })
  return { platform, alice, id }
}

t.test('a good build becomes release v1 with a deployment, and the loop is told', async (t) => {
  const { platform, alice, id } = await openShop(t)
  const kicks = platform.kicks()
  const types = { web: 'node server.js', worker: 'node worker.js', release: 'node migrate.js' }
  const release = await push(platform, { app: id, by: alice, text: 'one', types })
  t.match(release, {
    version: 1,
    description: 'Deploy fe05bcd',
    status: 'pending',
    current: false,
    slug: { commit: 'fe05bcdcdc4928012781a5f1a2a77cbb5398e106' },
    user: { email: 'alice@example.com' },
    process_types: types,
  })
  t.equal(platform.kicks(), kicks + 1)
  const deployments = await platform.deps.db.selectFrom('deployments').selectAll().execute()
  t.match(deployments, [{ release_id: release.id, state: 'pending', reason: 'release', seq: 1 }])
  t.same(await alice(getRelease, { params: { ...params, release: '1' } }), release)
  t.match(await alice(getApp, { params }), { slug_size: 1234, released_at: release.created_at })
  t.match(await platform.builder(listKept), { apps: [id], digests: [release.slug?.digest] })
})

t.test('a release of what serves takes over its copies; any other starts its own', async (t) => {
  const { platform, alice, id } = await openShop(t)
  const { db } = platform.deps
  const live = async (): Promise<string> => {
    const newest = db.selectFrom('deployments').selectAll().orderBy('seq', 'desc')
    const row = await newest.executeTakeFirstOrThrow()
    await db.updateTable('deployments').set({ state: 'succeeded' }).execute()
    return row.copies_of ?? row.id
  }
  await push(platform, { app: id, by: alice, text: 'one' })
  const first = await live()
  await push(platform, { app: id, by: alice, text: 'one' })
  t.equal(await live(), first, 'the same code')
  await push(platform, { app: id, by: alice, text: 'one' })
  t.equal(await live(), first, 'and again')
  await push(platform, { app: id, by: alice, text: 'one', types: { web: 'node other.js' } })
  const second = await live()
  t.not(second, first, 'another command')
  await alice(setConfig, { params, body: { COLOUR: 'red' } })
  const third = await live()
  t.not(third, second, 'other config')
  await push(platform, { app: id, by: alice, text: 'two', types: { web: 'node other.js' } })
  const fourth = await live()
  t.not(fourth, third, 'other code')
  const checks: HealthCheck[] = [{ kind: 'uptime', name: null, uptime_s: 1 }]
  const types = { web: 'node other.js' }
  await push(platform, { app: id, by: alice, text: 'two', types, checks })
  const fifth = await live()
  t.not(fifth, fourth, 'other health checks')
  await push(platform, { app: id, by: alice, text: 'two', types, checks })
  t.equal(await live(), fifth, 'the same health checks')
})

t.test('finishing a build again answers the same release and makes no other', async (t) => {
  const { platform, alice, id } = await openShop(t)
  const build = await begin(platform.builder, { app: id, by: alice, text: 'one' })
  const finish = () =>
    platform.builder(finishBuild, { params: { build }, body: good({ text: 'one' }) })
  const answers = await Promise.all([finish(), finish(), finish()])
  t.equal(new Set(answers.map(({ release }) => release?.id)).size, 1)
  const late = { status: 'failed', stage: 'compile' } as const
  const after = await platform.builder(finishBuild, { params: { build }, body: late })
  t.equal(after.release?.version, 1, 'a build stays as it ended first')
  t.equal((await alice(listReleases, { params })).length, 1)
})

t.test('a failed build makes no release', async (t) => {
  const { platform, alice, id } = await openShop(t)
  const build = await begin(platform.builder, { app: id, by: alice, text: 'one' })
  const body = { status: 'failed', stage: 'compile' } as const
  t.same(await platform.builder(finishBuild, { params: { build }, body }), { release: null })
  t.same(await alice(listReleases, { params }), [])
})

t.test('a config change makes a release; one that changes nothing does not', async (t) => {
  const { platform, alice, id } = await openShop(t)
  const set = (body: Record<string, string | null>) => alice(setConfig, { params, body })
  t.same(await set({ FOO: 'one', BAR: 'two' }), { BAR: 'two', FOO: 'one' })
  await push(platform, { app: id, by: alice, text: 'one' })
  t.same(await set({ FOO: 'three', BAR: null }), { FOO: 'three' })
  await set({ FOO: 'three', NONE: null })
  const releases = await alice(listReleases, { params })
  t.match(releases, [
    { version: 1, description: 'Set FOO, BAR config vars', slug: null, status: 'succeeded' },
    { version: 2, description: /^Deploy/, config_keys: ['BAR', 'FOO'] },
    { version: 3, description: 'Set FOO, remove BAR config vars', status: 'pending' },
  ])
  t.same(releases[2]?.slug, releases[1]?.slug, 'config keeps the code')
  const deployments = await platform.deps.db.selectFrom('deployments').selectAll().execute()
  t.equal(deployments.length, 2, 'without code there is nothing to deploy')
  const checkout = await platform.builder(checkOut, { params, query: { user: alice.id } })
  t.match(checkout, { version: 3, config: { FOO: 'three' }, branches: ['main', 'master'] })
})

t.test('config that cannot be given to a process is refused whole', async (t) => {
  const { alice } = await openShop(t)
  for (const key of ['PORT', 'SLIPWAY_X', '1A', 'A-B', 'A B', '']) {
    const change = alice(setConfig, { params, body: { GOOD: '1', [key]: 'x' } })
    await t.rejects(change, { code: 'CONFIG_KEY_INVALID' }, key)
  }
  const nul = alice(setConfig, { params, body: { A: 'a\0b' } })
  await t.rejects(nul, { code: 'INVALID_PARAMS', message: /value of A has a NUL/ })
  const much = Object.fromEntries(['A', 'B', 'C'].map((key) => [key, 'x'.repeat(60_000)]))
  await t.rejects(alice(setConfig, { params, body: much }), { code: 'CONFIG_TOO_LARGE' })
  t.same(await alice(getConfig, { params }), {})
})

t.test('a rollback is a new release with the code and the config of the old one', async (t) => {
  const { platform, alice, id } = await openShop(t)
  await alice(setConfig, { params, body: { COLOR: 'blue' } })
  const blue = await push(platform, { app: id, by: alice, text: 'one' })
  await alice(setConfig, { params, body: { COLOR: 'red', SIZE: 'big' } })
  await push(platform, { app: id, by: alice, text: 'two', types: { web: 'x', clock: 'y' } })
  const back = await alice(rollBack, { params, body: { release: '2' } })
  t.match(back, {
    version: 5,
    description: 'Rollback to v2',
    slug: blue.slug,
    process_types: blue.process_types,
    config_keys: ['COLOR'],
  })
  t.same(await alice(getConfig, { params }), { COLOR: 'blue' })
  const roll = (release: string) => alice(rollBack, { params, body: { release } })
  await t.rejects(roll('v1'), { code: 'ROLLBACK_IMPOSSIBLE', message: /no code/ })
  await t.rejects(roll('5'), { code: 'ROLLBACK_IMPOSSIBLE', message: /newest/ })
  for (const none of ['6', '0', '-1', 'x', back.id.replace(/^./, 'g')]) {
    await t.rejects(roll(none), { code: 'RELEASE_NOT_FOUND' }, none)
  }
})

t.test('health checks stay with their release, and come back with a rollback', async (t) => {
  const { platform, alice, id } = await openShop(t)
  const checks: HealthCheck[] = [{ kind: 'uptime', name: 'a while', uptime_s: 3 }]
  await push(platform, { app: id, by: alice, text: 'one', checks })
  await alice(setConfig, { params, body: { COLOR: 'red' } })
  await push(platform, { app: id, by: alice, text: 'two' })
  await alice(rollBack, { params, body: { release: '1' } })
  const releases = await alice(listReleases, { params })
  t.same(
    releases.map(({ health_checks }) => health_checks),
    [checks, checks, [], checks],
  )
  const wrong: HealthCheck[] = [
    { kind: 'uptime', name: 'x', uptime_s: 301 },
    httpCheck({ path: '/a\r\nb: c' }),
    httpCheck({ headers: [{ name: 'a', value: 'b\r\nc: d' }] }),
    httpCheck({ attempts: 101 }),
  ]
  for (const check of wrong) {
    const pushed = push(platform, { app: id, by: alice, text: 'three', checks: [check] })
    await t.rejects(pushed, { code: 'INVALID_PARAMS' })
  }
})

t.test(
  'what runs by schedule stays with its release, and comes back with a rollback',
  async (t) => {
    const { platform, alice, id } = await openShop(t)
    const policy = { concurrency_policy: 'forbid', maintenance: false } as const
    const cron: CronEntry[] = [{ schedule: '@daily', command: 'report', ...policy }]
    await push(platform, { app: id, by: alice, text: 'one', cron })
    await alice(setConfig, { params, body: { COLOR: 'red' } })
    await push(platform, { app: id, by: alice, text: 'two' })
    await alice(rollBack, { params, body: { release: '1' } })
    const { db } = platform.deps
    const rows = await db.selectFrom('releases').select('cron').orderBy('version').execute()
    t.same(
      rows.map((row) => JSON.parse(row.cron) as unknown),
      [cron, cron, [], cron],
    )
    const wrong = [{ ...policy, schedule: '@daily', command: 'a\0b' }]
    const pushed = push(platform, { app: id, by: alice, text: 'three', cron: wrong })
    await t.rejects(pushed, { code: 'INVALID_PARAMS' })
  },
)

t.test("another app's release cannot be rolled back to", async (t) => {
  const { platform, alice, id } = await openShop(t)
  const release = await push(platform, { app: id, by: alice, text: 'one' })
  const bob = await platform.user('bob@example.com')
  await bob(createApp, { body: { name: 'other' } })
  const stolen = bob(rollBack, { params: { app: 'other' }, body: { release: release.id } })
  await t.rejects(stolen, { code: 'RELEASE_NOT_FOUND' })
})

t.test('web has one copy at first, other types none, and a chosen number stays', async (t) => {
  const { platform, alice, id } = await openShop(t)
  const updates = (type: string, quantity: number) => ({ updates: [{ type, quantity }] })
  const scaled = (type: string, quantity: number) =>
    alice(scale, { params, body: updates(type, quantity) })
  await t.rejects(scaled('web', 1), { code: 'NOTHING_DEPLOYED' })
  const types = { web: 'w', worker: 'k', release: 'r' }
  await push(platform, { app: id, by: alice, text: 'one', types })
  t.match(await alice(listFormation, { params }), [
    { type: 'web', quantity: 1, command: 'w', size: '512M' },
    { type: 'worker', quantity: 0 },
  ])
  const kicks = platform.kicks()
  t.match(await scaled('worker', 2), [{ type: 'web' }, { type: 'worker', quantity: 2 }])
  t.equal(platform.kicks(), kicks + 1)
  await scaled('web', 0)
  await push(platform, { app: id, by: alice, text: 'two', types: { ...types, clock: 'c' } })
  t.match(await alice(listFormation, { params }), [
    { type: 'web', quantity: 0 },
    { type: 'worker', quantity: 2 },
    { type: 'clock', quantity: 0 },
  ])
  await t.rejects(scaled('release', 1), { code: 'PROCESS_TYPE_UNKNOWN' })
  await t.rejects(scaled('web', -1), { code: 'QUANTITY_INVALID' })
  await t.rejects(scaled('web', 21), { code: 'QUANTITY_INVALID', hint: /0 to 20/ })
  const mixed = { updates: [...updates('web', 5).updates, ...updates('none', 1).updates] }
  const known = { code: 'PROCESS_TYPE_UNKNOWN', hint: /web, worker, clock/ }
  await t.rejects(alice(scale, { params, body: mixed }), known)
  t.match(await alice(listFormation, { params }), [{ type: 'web', quantity: 0 }], 'all or none')
})

t.test('no secret stands in the clear anywhere: files, logs, audit', async (t) => {
  const { platform, alice, id } = await openShop(t)
  const secret = 'hunter2-in-the-clear'
  await alice(setConfig, { params, body: { PASSWORD: secret } })
  await push(platform, { app: id, by: alice, text: 'one' })
  t.same(await alice(getConfig, { params }), { PASSWORD: secret })
  const files = readdirSync(platform.folder).filter((name) => name.startsWith('slipway.db'))
  t.ok(files.includes('slipway.db-wal'), 'the journal is looked into as well')
  for (const name of files) {
    const bytes = readFileSync(join(platform.folder, name))
    t.notOk(bytes.includes(secret), `${name} has no config value`)
    t.notOk(bytes.includes(alice.peer.token ?? ''), `${name} has no token`)
    t.equal(bytes.includes('PASSWORD'), name.endsWith('-wal'), 'names may be read')
  }
  t.notMatch(platform.logged.join('\n'), secret)
  t.equal(await firstBrokenDeed(platform.deps.db), null)
})
