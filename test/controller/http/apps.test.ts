import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { createApp, destroyApp, getApp, listApps } from '#contract/app.ts'
import { appendOutput, checkOut, listKept } from '#contract/push.ts'
import { allEnvironments } from '#controller/store/environments.ts'
import { allDomains } from '#controller/store/domains.ts'
import { startPlatform } from '#test/controller/platform.ts'
import { begin, push } from '#test/controller/push.ts'

t.test('a new app has an owner, an environment, a subnet, a host and addresses', async (t) => {
  const env = { SLIPWAY_DOMAIN: 'example.com', SLIPWAY_SSH_PORT: '22', SLIPWAY_HTTP_PORT: '80' }
  const { user, deps } = await startPlatform(t, {}, env)
  const alice = await user('alice@example.com')
  const app = await alice(createApp, { body: { name: 'shop' } })
  t.match(app, {
    name: 'shop',
    owner: { id: alice.id, email: 'alice@example.com' },
    git_url: 'ssh://git@example.com:22/shop.git',
    web_url: 'http://shop.example.com/',
    stack: { name: 'slipway-12' },
    environment: { name: 'production' },
    released_at: null,
    slug_size: null,
  })
  t.match(await allEnvironments(deps.db), [
    { subnet: '10.217.0.0/26', branches: '["main","master"]' },
  ])
  t.match(await allDomains(deps.db), [{ host: 'shop.example.com' }])
  t.same(await alice(getApp, { params: { app: app.id } }), app, 'by id as by name')
  t.same(await alice(listApps), [app])
})

t.test('a name is made up when none is given', async (t) => {
  const { user } = await startPlatform(t)
  const alice = await user('alice@example.com')
  const { name, web_url } = await alice(createApp, { body: {} })
  t.match(name, /^[a-z]+-[a-z]+-[0-9a-f]{6}$/)
  t.equal(web_url, `http://${name}.localhost:8080/`)
})

t.test('names that are taken, reserved or no host label are refused', async (t) => {
  const { user } = await startPlatform(t)
  const [alice, bob] = [await user('alice@example.com'), await user('bob@example.com')]
  await alice(createApp, { body: { name: 'shop' } })
  await t.rejects(bob(createApp, { body: { name: 'shop' } }), { code: 'APP_NAME_TAKEN' })
  for (const name of ['www', 'api', 'git']) {
    await t.rejects(alice(createApp, { body: { name } }), { code: 'APP_NAME_TAKEN' }, name)
  }
  for (const name of [
    '',
    'ab',
    'Shop',
    '1shop',
    'shop-',
    'xn--shop',
    'a.b',
    '../x',
    'x'.repeat(31),
  ]) {
    await t.rejects(alice(createApp, { body: { name } }), { code: 'APP_NAME_INVALID' }, name)
  }
})

t.test('an app that is not yours and one that is not there get the same answer', async (t) => {
  const { user } = await startPlatform(t)
  const [alice, bob] = [await user('alice@example.com'), await user('bob@example.com')]
  const { id } = await alice(createApp, { body: { name: 'shop' } })
  for (const app of ['shop', 'none', id]) {
    const hidden = {
      code: 'APP_NOT_FOUND',
      message: `There is no app "${app}", or it is not yours.`,
    }
    await t.rejects(bob(getApp, { params: { app } }), hidden)
  }
  t.same(await bob(listApps), [])
})

t.test('subnets skip what others have on the host, and the last is left to builds', async (t) => {
  const { user, deps } = await startPlatform(
    t,
    { foreignSubnets: async () => ['10.217.0.64/27', '10.217.0.128/26', 'fd00::/8', '0.0.0.0/0'] },
    { SLIPWAY_NETWORKS: '10.217.0.0/23' },
  )
  const alice = await user('alice@example.com')
  for (const name of ['one', 'two', 'three', 'four', 'five'])
    await alice(createApp, { body: { name } })
  const subnets = (await allEnvironments(deps.db)).map((row) => row.subnet)
  t.same(subnets.toSorted(), [
    '10.217.0.0/26',
    '10.217.0.192/26',
    '10.217.1.0/26',
    '10.217.1.128/26',
    '10.217.1.64/26',
  ])
  const full = { code: 'NETWORKS_FULL', message: /10\.217\.0\.0\/23/ }
  await t.rejects(alice(createApp, { body: { name: 'six' } }), full)
  await alice(destroyApp, { params: { app: 'two' } })
  await alice(createApp, { body: { name: 'six' } })
})

t.test('a destroyed app leaves nothing behind but its line in the audit', async (t) => {
  const platform = await startPlatform(t)
  const { user, builder, deps, folder } = platform
  const alice = await user('alice@example.com')
  const { id } = await alice(createApp, { body: { name: 'shop' } })
  await push(platform, { app: id, by: alice, text: 'one' })
  const build = await begin(builder, { app: id, by: alice, text: 'two' })
  await builder(appendOutput, { params: { build }, body: { offset: 0, text: 'hello' } })
  t.ok(existsSync(join(folder, 'outputs', `${build}.log`)))
  const kicks = platform.kicks()

  await alice(destroyApp, { params: { app: 'shop' } })
  t.equal(platform.kicks(), kicks + 1, 'the loop is told, so that its containers go')
  await t.rejects(alice(getApp, { params: { app: 'shop' } }), { code: 'APP_NOT_FOUND' })
  await t.rejects(builder(checkOut, { params: { app: 'shop' }, query: { user: alice.id } }), {
    code: 'APP_NOT_FOUND',
  })
  t.same(await builder(listKept), { apps: [], digests: [] })
  t.notOk(existsSync(join(folder, 'outputs', `${build}.log`)))
  for (const table of ['environments', 'domains', 'builds', 'slugs', 'releases'] as const) {
    t.same(await deps.db.selectFrom(table).selectAll().execute(), [], table)
  }
  const deeds = await deps.db.selectFrom('audit').select('action').execute()
  t.equal(deeds.at(-1)?.action, 'app.destroy')
  await alice(createApp, { body: { name: 'shop' } })
})
