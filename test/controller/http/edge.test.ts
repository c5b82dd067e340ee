import { scryptSync } from 'node:crypto'
import t from 'tap'
import { createApp, destroyApp, getApp, updateApp } from '#contract/app.ts'
import { addDomain, addRoute } from '#contract/domain.ts'
import { type EdgeChange, getEdge, setEdge } from '#contract/edge.ts'
import { rollBack } from '#contract/release.ts'
import { readPlace } from '#controller/deploy/place.ts'
import { environmentOf } from '#controller/store/environments.ts'
import { type Caller, type Platform, startPlatform } from '#test/controller/platform.ts'
import { push } from '#test/controller/push.ts'

interface Shop {
  readonly platform: Platform
  readonly alice: Caller
  readonly id: string
  readonly set: (body: EdgeChange) => Promise<unknown>
  /** What the router would be told. */
  readonly told: () => Promise<unknown>
}

async function openShop(t: Parameters<typeof startPlatform>[0]): Promise<Shop> {
  const platform = await startPlatform(t)
  const alice = await platform.user('alice@example.com')
  const { id } = await alice(createApp, { body: { name: 'shop' } })
  const { db } = platform.deps
  return {
    platform,
    alice,
    id,
    set: (body) => alice(setEdge, { params: { app: 'shop' }, body }),
    told: async () => (await readPlace(db, (await environmentOf(db, id)).id))?.settings,
  }
}

const params = { app: 'shop' }
const nothing = {
  maintenance: false,
  maintenance_page: null,
  error_page: null,
  allow: [],
  auth: [],
  https: false,
  hsts: null,
  limits: {
    first_byte_ms: null,
    rolling_ms: null,
    body_limit: null,
    app_cap: null,
    instance_cap: null,
    queue: null,
    hold_ms: null,
  },
}

t.test('a new app has nothing set, and the router is told nothing', async (t) => {
  const { alice, told } = await openShop(t)
  t.same(await alice(getEdge, { params }), nothing)
  t.equal(await told(), undefined)
})

t.test(
  'maintenance is a property of the app, and its page is kept for the next time',
  async (t) => {
    const { platform, alice, set, told } = await openShop(t)
    await set({ maintenance_page: '<h1>Back soon</h1>', error_page: '<h1>Oh</h1>' })
    t.same(await told(), { error_page: '<h1>Oh</h1>' })
    const kicks = platform.kicks()
    t.match(await alice(updateApp, { params, body: { maintenance: true } }), { maintenance: true })
    t.equal(platform.kicks(), kicks + 1, 'the router is told at once')
    const page = {
      maintenance: true,
      maintenance_page: '<h1>Back soon</h1>',
      error_page: '<h1>Oh</h1>',
    }
    t.same(await told(), page)
    await set({ maintenance: false })
    t.match(await alice(getApp, { params }), { maintenance: false })
    t.same(await told(), { error_page: '<h1>Oh</h1>' })
    t.match(await alice(getEdge, { params }), { maintenance_page: '<h1>Back soon</h1>' })
  },
)

t.test('each setting goes to the router in its words, and away again', async (t) => {
  const { set, told, alice } = await openShop(t)
  await set({ allow: ['203.0.113.0/24', '2001:DB8::1', '203.0.113.0/24'] })
  await set({ https: true, hsts: { max_age: 31_536_000, include_subdomains: true, preload: true } })
  await set({ limits: { first_byte_ms: 60_000, body_limit: 1024 ** 2 } })
  await set({ limits: { queue: 0, body_limit: null } })
  t.same(await told(), {
    allow: ['203.0.113.0/24', '2001:db8::1/128'],
    https: true,
    hsts: 'max-age=31536000; includeSubDomains; preload',
    first_byte_ms: 60_000,
    queue: 0,
  })
  const limits = { first_byte_ms: null, queue: null }
  await set({ allow: [], https: false, hsts: null, limits })
  t.equal(await told(), undefined)
  t.same(await alice(getEdge, { params }), nothing)
})

t.test('a password is kept as a scrypt hash only, and never shown', async (t) => {
  const { platform, set, told, alice } = await openShop(t)
  await set({ auth: { ada: 'correct horse', bo: 'battery staple' } })
  const { auth } = (await told()) as { auth: { user: string; hash: string }[] }
  t.match(auth, [{ user: 'ada' }, { user: 'bo' }])
  const [kind, N, r, p, salt = '', hash] = auth[0]?.hash.split('$') ?? []
  t.same([kind, N, r, p], ['scrypt', '16384', '8', '1'])
  const cost = { N: Number(N), r: Number(r), p: Number(p) }
  const again = scryptSync('correct horse', Buffer.from(salt, 'base64url'), 32, cost)
  t.equal(again.toString('base64url'), hash)
  t.match(await alice(getEdge, { params }), { auth: [{ user: 'ada' }, { user: 'bo' }] })
  t.notMatch(JSON.stringify(await alice(getEdge, { params })), /scrypt/)

  await set({ auth: { ada: null } })
  t.match(await alice(getEdge, { params }), { auth: [{ user: 'bo' }] })
  const deeds = await platform.deps.db.selectFrom('audit').selectAll().execute()
  t.match(deeds.at(-1), { action: 'edge.set', target: 'shop', detail: /^{"keys":\["auth"\],/ })
  t.notMatch(JSON.stringify(deeds), /horse|battery|scrypt/)
})

t.test('what makes no sense is refused, with the reason, and nothing is changed', async (t) => {
  const { set, told } = await openShop(t)
  const hsts = { max_age: 31_536_000, include_subdomains: true, preload: true }
  const wrong: [change: unknown, message: RegExp][] = [
    [{ allow: ['10.0.0.0/33'] }, /"10\.0\.0\.0\/33" is neither an address nor a range/],
    [{ allow: ['10.0.0'] }, /neither an address nor a range/],
    [{ allow: ['fe80::1%eth0'] }, /neither an address nor a range/],
    [{ allow: ['10.0.0.0/8/8'] }, /neither an address nor a range/],
    [{ allow: ['10.0.0.0/'] }, /neither an address nor a range/],
    [{ allow: ['example.org'] }, /neither an address nor a range/],
    [{ auth: { 'a:b': 'long enough' } }, /no colon/],
    [{ auth: { ada: 'short' } }, /auth/],
    [{ auth: { nobody: null } }, /there is no user "nobody"/],
    [{ hsts: { ...hsts, include_subdomains: false } }, /must include subdomains/],
    [{ hsts: { ...hsts, max_age: 300 } }, /last a year or more/],
    [{ hsts: { ...hsts, domain: 'x' } }, /hsts/],
    [{ maintenance_page: 'x'.repeat(65_537) }, /maintenance_page/],
    [{ error_page: 'ü'.repeat(40_000) }, /a page may have 65536 bytes, this has 80000/],
    [{ limits: { first_byte_ms: 1 } }, /limits\.first_byte_ms/],
    [{ limits: { queue: 1.5 } }, /limits\.queue/],
    [{ limits: { speed: 1 } }, /limits/],
    [{ mantenance: true }, /mantenance is not known here/],
  ]
  for (const [change, message] of wrong) {
    const refused = { status: 422, id: 'invalid_params', message }
    await t.rejects(set(change as EdgeChange), refused, JSON.stringify(change).slice(0, 80))
  }
  t.equal(await told(), undefined)
})

t.test('an app is changed in what the API knows of it, and in nothing else', async (t) => {
  const { alice } = await openShop(t)
  const rename = alice(updateApp, { params, body: { name: 'other' } as object })
  await t.rejects(rename, { code: 'INVALID_PARAMS' })
  t.match(await alice(updateApp, { params, body: {} }), { name: 'shop', maintenance: false })
})

t.test('a rollback leaves the edge as it is, and the edge makes no release', async (t) => {
  const { platform, alice, id, set, told } = await openShop(t)
  await push(platform, { app: id, by: alice, text: 'one' })
  await push(platform, { app: id, by: alice, text: 'two' })
  await set({ https: true })
  const made = await alice(rollBack, { params, body: { release: '1' } })
  t.equal(made.version, 3)
  t.same(await told(), { https: true })
})

t.test('a destroyed app leaves no settings, domains or routes', async (t) => {
  const { platform, alice, set } = await openShop(t)
  const host = 'shop.example.org'
  await set({ https: true })
  await alice(addDomain, { params, body: { hostname: host } })
  await alice(addRoute, { params, body: { host, path: '/a', redirect: { to: '/b' } } })
  await alice(destroyApp, { params })
  for (const table of ['edge', 'domains', 'routes'] as const) {
    t.same(await platform.deps.db.selectFrom(table).selectAll().execute(), [], table)
  }
})

t.test('what changes nothing is not in the audit', async (t) => {
  const { platform, set } = await openShop(t)
  await set({ https: true })
  const count = async (): Promise<number> =>
    (await platform.deps.db.selectFrom('audit').selectAll().execute()).length
  const before = await count()
  await set({ https: true, allow: [] })
  t.equal(await count(), before)
})
