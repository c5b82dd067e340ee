import t from 'tap'
import { createApp, destroyApp, getApp } from '#contract/app.ts'
import {
  addDomain,
  addRoute,
  checkDomain,
  getDomain,
  listDomains,
  listRoutes,
  removeDomain,
  removeRoute,
} from '#contract/domain.ts'
import { readPlace } from '#controller/deploy/place.ts'
import { environmentOf } from '#controller/store/environments.ts'
import { firstBrokenDeed } from '#controller/store/audit.ts'
import { type Caller, type Platform, startPlatform } from '#test/controller/platform.ts'

const env = { SLIPWAY_DOMAIN: 'apps.example.com', SLIPWAY_GIT_HOST: 'git.example.net' }

const add = (who: Caller, app: string, hostname: string): Promise<{ hostname: string }> =>
  who(addDomain, { params: { app }, body: { hostname } })

/** What the router would be told. */
async function rules({ deps: { db } }: Platform, appId: string): Promise<unknown> {
  const { id } = await environmentOf(db, appId)
  return (await readPlace(db, id))?.rules
}

t.test(
  'a domain is added, listed, shown and removed, and the loop is told each time',
  async (t) => {
    const platform = await startPlatform(t, {}, env)
    const alice = await platform.user('alice@example.com')
    const { id } = await alice(createApp, { body: { name: 'shop' } })
    const kicks = platform.kicks()
    const domain = await alice(addDomain, {
      params: { app: 'shop' },
      body: { hostname: 'Shop.Example.ORG.' },
    })
    t.match(domain, {
      hostname: 'shop.example.org',
      kind: 'custom',
      cname: 'shop.apps.example.com',
      status: 'pending',
      sni_endpoint: null,
      app: { name: 'shop' },
    })
    t.equal(platform.kicks(), kicks + 1)
    const listed = await alice(listDomains, { params: { app: 'shop' } })
    t.match(listed, [
      { hostname: 'shop.apps.example.com', kind: 'platform', cname: null, status: 'succeeded' },
      domain,
    ])
    for (const named of ['shop.example.org', 'SHOP.example.org', domain.id]) {
      t.same(await alice(getDomain, { params: { app: 'shop', domain: named } }), domain)
    }
    t.same(await rules(platform, id), [
      { host: 'shop.apps.example.com', site: 'shop/production' },
      { host: 'shop.example.org', site: 'shop/production' },
    ])
    await alice(removeDomain, { params: { app: 'shop', domain: 'shop.example.org' } })
    t.equal(platform.kicks(), kicks + 2)
    await t.rejects(alice(getDomain, { params: { app: 'shop', domain: 'shop.example.org' } }), {
      code: 'DOMAIN_NOT_FOUND',
      status: 404,
    })
    const deeds = await platform.deps.db.selectFrom('audit').selectAll().execute()
    t.match(deeds.slice(-2), [
      { actor: 'alice@example.com', action: 'domain.add', target: 'shop' },
      { action: 'domain.remove', detail: '{"host":"shop.example.org"}' },
    ])
    t.equal(await firstBrokenDeed(platform.deps.db), null)
  },
)

t.test('a host is written as DNS has it', async (t) => {
  const { user } = await startPlatform(t, {}, env)
  const alice = await user('alice@example.com')
  await alice(createApp, { body: { name: 'shop' } })
  const written: [given: string, kept: string][] = [
    ['  EXAMPLE.org ', 'example.org'],
    ['bücher.example', 'xn--bcher-kva.example'],
    ['*.Bücher.example', '*.xn--bcher-kva.example'],
    ['xn--bcher-kva.test', 'xn--bcher-kva.test'],
    ['*.example.org', '*.example.org'],
    ['a.b.c.d.example.org', 'a.b.c.d.example.org'],
  ]
  for (const [given, kept] of written) t.match(await add(alice, 'shop', given), { hostname: kept })
})

t.test('what is no host is refused, with the reason', async (t) => {
  const { user } = await startPlatform(t, {}, env)
  const alice = await user('alice@example.com')
  await alice(createApp, { body: { name: 'shop' } })
  const wrong: [host: string, reason: RegExp][] = [
    ['', /it is empty/],
    ['https://example.org', /the name alone, without scheme/],
    ['example.org:443', /the name alone/],
    ['example.org/path', /the name alone/],
    ['a b.example.org', /the name alone/],
    ['localhost', /no dot/],
    ['*.org', /no dot/],
    ['*', /\* can only be/],
    ['*.*.example.org', /\* can only be/],
    ['shop.*.org', /\* can only be/],
    ['a*.example.org', /\* can only be/],
    ['192.0.2.1', /an address, not a name/],
    ['0x7f.1', /an address, not a name/],
    ['[::1]', /the name alone/],
    ['-a.example.org', /"-a" is no part/],
    ['a_b.example.org', /"a_b" is no part/],
    ['a..example.org', /"" is no part/],
    [`${'x'.repeat(64)}.org`, /is no part/],
    [`${'abcdefg.'.repeat(32)}org`, /too long/],
    ['a\u{200d}.example', /not a name that DNS knows|no part/],
    ['shop.example.org\r\nX: y', /the name alone/],
    ['shop.example%2eorg', /./],
  ]
  for (const [host, message] of wrong) {
    await t.rejects(add(alice, 'shop', host), { code: 'HOST_INVALID', message }, host)
  }
})

t.test('nobody but an administrator gets a name of the platform', async (t) => {
  const platform = await startPlatform(
    t,
    {},
    { ...env, SLIPWAY_API_URL: 'https://api.example.net/' },
  )
  const alice = await platform.user('alice@example.com')
  const root = await platform.user('root@example.com', { admin: true })
  await alice(createApp, { body: { name: 'shop' } })
  for (const host of [
    'apps.example.com',
    'other.apps.example.com',
    'deep.other.apps.example.com',
    '*.apps.example.com',
    '*.shop.apps.example.com',
    '*.example.com',
    'git.example.net',
    'api.example.net',
    '*.example.net',
  ]) {
    await t.rejects(add(alice, 'shop', host), { code: 'HOST_RESERVED', status: 422 }, host)
  }
  await add(alice, 'shop', 'myapps.example.com')
  await add(root, 'shop', 'other.apps.example.com')
  await t.rejects(alice(createApp, { body: { name: 'other' } }), { code: 'APP_NAME_TAKEN' })
})

t.test('a host is one app’s, and only who may know is told whose', async (t) => {
  const { user } = await startPlatform(t, {}, env)
  const [alice, bob] = [await user('alice@example.com'), await user('bob@example.com')]
  await alice(createApp, { body: { name: 'shop' } })
  await alice(createApp, { body: { name: 'blog' } })
  await bob(createApp, { body: { name: 'bobs' } })
  await add(alice, 'shop', 'example.org')
  await t.rejects(add(alice, 'shop', 'example.org'), {
    code: 'HOST_TAKEN',
    message: 'example.org already leads to "shop".',
  })
  await t.rejects(add(alice, 'blog', 'EXAMPLE.org'), {
    message: 'example.org already leads to "shop".',
    hint: 'Remove it there first: `app domains:remove example.org -a shop`.',
  })
  await t.rejects(add(bob, 'bobs', 'example.org'), {
    code: 'HOST_TAKEN',
    message: 'example.org already leads to an app that is not yours.',
    hint: /Ask the owner/,
  })
  await t.rejects(bob(removeDomain, { params: { app: 'shop', domain: 'example.org' } }), {
    code: 'APP_NOT_FOUND',
  })
  await t.rejects(bob(removeDomain, { params: { app: 'bobs', domain: 'example.org' } }), {
    code: 'DOMAIN_NOT_FOUND',
  })
  await alice(destroyApp, { params: { app: 'shop' } })
  await add(bob, 'bobs', 'example.org')
})

t.test('a wildcard and the names under it belong to the same people', async (t) => {
  const { user } = await startPlatform(t, {}, env)
  const [alice, bob] = [await user('alice@example.com'), await user('bob@example.com')]
  await alice(createApp, { body: { name: 'shop' } })
  await alice(createApp, { body: { name: 'blog' } })
  await bob(createApp, { body: { name: 'bobs' } })
  await add(alice, 'shop', 'www.example.org')
  const others = { code: 'HOST_TAKEN', hint: /\*\.example\.org and the names it covers/ }
  await t.rejects(add(bob, 'bobs', '*.example.org'), others)
  await add(bob, 'bobs', '*.deep.www.example.org')
  await add(alice, 'blog', '*.example.org')
  await t.rejects(add(bob, 'bobs', 'new.example.org'), others)
  await add(bob, 'bobs', 'two.labels.example.org')
  await add(bob, 'bobs', 'example.org')
})

t.test('the host that came with the app stays unless one insists, and can come back', async (t) => {
  const platform = await startPlatform(t, {}, env)
  const alice = await platform.user('alice@example.com')
  await alice(createApp, { body: { name: 'shop' } })
  await add(alice, 'shop', '*.example.org')
  await add(alice, 'shop', 'shop.example.org')
  const own = { app: 'shop', domain: 'shop.apps.example.com' }
  await t.rejects(alice(removeDomain, { params: own }), { code: 'DOMAIN_KEPT', status: 409 })
  await alice(removeDomain, { params: own, query: { force: true } })
  const app = await alice(getApp, { params: { app: 'shop' } })
  t.equal(app.web_url, 'http://shop.example.org:8080/', 'its page is shown where it is now')
  await add(alice, 'shop', 'shop.apps.example.com')
  t.match(await alice(getDomain, { params: own }), { kind: 'platform', status: 'succeeded' })
})

t.test('a check says where DNS leads, and what record would be right', async (t) => {
  const dns: Record<string, string[] | Error> = {
    'good.example.org': ['203.0.113.7'],
    'away.example.org': ['198.51.100.1'],
    'both.example.org': ['203.0.113.7', '198.51.100.1'],
    'down.example.org': Object.assign(new Error('no'), { code: 'ESERVFAIL' }),
  }
  const asked: string[] = []
  const lookUp = async (host: string): Promise<string[]> => {
    asked.push(host)
    const found = host.endsWith('.wild.example.org') ? ['203.0.113.7'] : (dns[host] ?? [])
    if (found instanceof Error) throw found
    return found
  }
  const own = { ...env, SLIPWAY_ADDRESSES: '203.0.113.7, 2001:DB8:0::7' }
  const { user } = await startPlatform(t, { lookUp }, own)
  const alice = await user('alice@example.com')
  await alice(createApp, { body: { name: 'shop' } })
  const check = async (hostname: string): Promise<unknown> => {
    await add(alice, 'shop', hostname)
    return alice(checkDomain, { params: { app: 'shop', domain: hostname } })
  }
  t.match(await check('good.example.org'), {
    verdict: 'here',
    addresses: ['203.0.113.7'],
    expected: ['203.0.113.7', '2001:db8::7'],
    message: 'good.example.org leads here (203.0.113.7).',
    hint: '',
    domain: { status: 'succeeded' },
  })
  t.match(await check('away.example.org'), {
    verdict: 'elsewhere',
    message: 'away.example.org leads to 198.51.100.1, not here (203.0.113.7, 2001:db8::7).',
    hint: /CNAME record to shop\.apps\.example\.com.+A record to 203\.0\.113\.7/,
    domain: { status: 'failed' },
  })
  t.match(await check('both.example.org'), {
    verdict: 'partly',
    message: /also to 198\.51\.100\.1/,
  })
  t.match(await check('none.example.org'), {
    verdict: 'nowhere',
    message: 'none.example.org has no address in DNS.',
  })
  t.match(await check('down.example.org'), {
    verdict: 'unknown',
    message: /DNS did not answer for down\.example\.org \(ESERVFAIL\)/,
    domain: { status: 'pending' },
  })
  t.match(await check('*.wild.example.org'), { verdict: 'here' })
  t.match(asked.at(-1), /^slipway-check-[0-9a-f]{8}\.wild\.example\.org$/)
  t.match(await alice(getDomain, { params: { app: 'shop', domain: 'good.example.org' } }), {
    status: 'succeeded',
  })
})

t.test('without addresses of its own the platform compares with its own names', async (t) => {
  const lookUp = async (host: string): Promise<string[]> =>
    host === 'shop.apps.example.com' || host === 'www.example.org' ? ['192.0.2.9'] : []
  const { user } = await startPlatform(t, { lookUp }, env)
  const alice = await user('alice@example.com')
  await alice(createApp, { body: { name: 'shop' } })
  await add(alice, 'shop', 'www.example.org')
  t.match(await alice(checkDomain, { params: { app: 'shop', domain: 'www.example.org' } }), {
    verdict: 'here',
    expected: ['192.0.2.9'],
  })
})

t.test('a path of a host leads to another app of the same people', async (t) => {
  const platform = await startPlatform(t, {}, env)
  const [alice, bob] = [
    await platform.user('alice@example.com'),
    await platform.user('bob@example.com'),
  ]
  const shop = await alice(createApp, { body: { name: 'shop' } })
  const api = await alice(createApp, { body: { name: 'backend' } })
  await bob(createApp, { body: { name: 'bobs' } })
  const host = 'shop.apps.example.com'
  const kicks = platform.kicks()
  const route = await alice(addRoute, {
    params: { app: 'shop' },
    body: { host, path: '/api/', to: 'backend', strip: true },
  })
  t.match(route, { host, path: '/api', app: { name: 'backend' }, strip: true, redirect: null })
  t.equal(platform.kicks(), kicks + 2, 'both are looked at')
  t.same(await rules(platform, api.id), [
    { host: 'backend.apps.example.com', site: 'backend/production' },
    { host, path: '/api', strip: true, site: 'backend/production' },
  ])
  t.same(await rules(platform, shop.id), [{ host, site: 'shop/production' }])
  t.same(await alice(listRoutes, { params: { app: 'shop' } }), [route])
  t.same(await alice(listRoutes, { params: { app: 'backend' } }), [route])

  const params = { app: 'shop' }
  await t.rejects(alice(addRoute, { params, body: { host, path: '/api' } }), {
    code: 'ROUTE_TAKEN',
    message: `${host}/api has a route already.`,
  })
  await t.rejects(alice(addRoute, { params, body: { host, path: '/x', to: 'bobs' } }), {
    code: 'APP_NOT_FOUND',
  })
  await t.rejects(bob(addRoute, { params: { app: 'bobs' }, body: { host, path: '/x' } }), {
    code: 'DOMAIN_NOT_FOUND',
  })
  await alice(removeRoute, { params: { app: 'backend', route: `${host}/api/` } })
  t.same(await alice(listRoutes, { params }), [])
  await t.rejects(alice(removeRoute, { params: { ...params, route: `${host}/api` } }), {
    code: 'ROUTE_NOT_FOUND',
  })
})

t.test('a redirect of a whole host stands in for the host', async (t) => {
  const platform = await startPlatform(t, {}, env)
  const alice = await platform.user('alice@example.com')
  const { id } = await alice(createApp, { body: { name: 'shop' } })
  await add(alice, 'shop', 'www.example.org')
  const params = { app: 'shop' }
  await alice(addRoute, {
    params,
    body: { host: 'www.example.org', redirect: { to: 'https://Example.org/', status: 308 } },
  })
  await alice(addRoute, {
    params,
    body: { host: 'shop.apps.example.com', path: '/old', redirect: { to: '/new/' } },
  })
  t.same(await rules(platform, id), [
    { host: 'shop.apps.example.com', site: 'shop/production' },
    {
      host: 'shop.apps.example.com',
      path: '/old',
      site: 'shop/production',
      redirect: { to: '/new', status: 301 },
    },
    {
      host: 'www.example.org',
      site: 'shop/production',
      redirect: { to: 'https://example.org', status: 308 },
    },
  ])
  await alice(removeDomain, { params: { ...params, domain: 'www.example.org' } })
  t.equal((await alice(listRoutes, { params })).length, 1, 'routes go with their domain')
})

t.test('what is no route is refused, with the reason', async (t) => {
  const { user } = await startPlatform(t, {}, env)
  const alice = await user('alice@example.com')
  await alice(createApp, { body: { name: 'shop' } })
  const host = 'shop.apps.example.com'
  const to = (target: string): object => ({ path: '/a', redirect: { to: target } })
  const wrong: [body: object, reason: RegExp][] = [
    [{}, /leads to its app already/],
    [{ path: '/' }, /leads to its app already/],
    [{ path: 'api' }, /a path begins with \//],
    [{ path: '/a//b' }, /is not a path/],
    [{ path: '/a/../b' }, /is not a path/],
    [{ path: '/a?b' }, /is not a path/],
    [{ path: '/a b' }, /is not a path/],
    [{ path: '/a\r\nX: y' }, /is not a path/],
    [{ path: '/bücher' }, /is not a path/],
    [{ path: '/a', strip: true, redirect: { to: '/b' } }, /takes its path off anyway/],
    [to('ftp://example.org'), /neither a path nor an address/],
    [to('//example.org'), /neither a path nor an address/],
    [to('https://user:pw@example.org'), /neither a path nor an address/],
    [to('https://example.org/?a=b'), /the query of a request is kept/],
    [to('/a/b'), /would lead to itself/],
    [to('/a'), /would lead to itself/],
    [to(`https://${host}/a/x`), /would lead to itself/],
    [{ redirect: { to: `https://${host}/b` } }, /would lead to itself/],
  ]
  for (const [body, message] of wrong) {
    const asked = alice(addRoute, { params: { app: 'shop' }, body: { host, ...body } })
    await t.rejects(asked, { code: 'ROUTE_INVALID', message }, JSON.stringify(body))
  }
})

t.test('a wildcard is redirected to a name it covers only when that leads elsewhere', async (t) => {
  const { user } = await startPlatform(t, {}, env)
  const alice = await user('alice@example.com')
  await alice(createApp, { body: { name: 'shop' } })
  await add(alice, 'shop', '*.example.org')
  const params = { app: 'shop' }
  const body = { host: '*.example.org', redirect: { to: 'https://www.example.org' } }
  await t.rejects(alice(addRoute, { params, body }), { message: /would lead to itself/ })
  await add(alice, 'shop', 'www.example.org')
  t.match(await alice(addRoute, { params, body }), { redirect: { to: 'https://www.example.org' } })
})
