import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import {
  addDomain,
  addRoute,
  checkDomain,
  listDomains,
  removeDomain,
  removeRoute,
} from '#contract/domain.ts'
import { getEdge, setEdge } from '#contract/edge.ts'
import { failure } from '#contract/error.ts'
import { explain } from '#contract/why.ts'
import { openDesk } from './app.ts'
import { someDomain, someEdge, someExplanation } from './canned.ts'

const env = { DEIS_APP: 'shop' }

/** A call, what it prints as data, and what it tells on the side. */
const calls: [words: string, stdout: RegExp, stderr: RegExp][] = [
  [
    'domains',
    /^DOMAIN +GIVEN BY +DNS +POINT DNS TO\nshop\.example\.org +you +not checked +shop\.localhost\nshop\.localhost +platform +ok\n$/,
    /^$/,
  ],
  [
    'domains:add a.example.org b.example.org',
    /^$/,
    /^a\.example\.org leads to "shop" now\.\nb\.example\.org leads.+\nhint: point their DNS to shop\.localhost/,
  ],
  ['domains:remove a.example.org', /^$/, /^a\.example\.org leads to "shop" no more\.\n$/],
  ['domains:check', /^shop\.example\.org leads here \(192\.0\.2\.1\)\.\n$/, /^$/],
  [
    'routes',
    /^ROUTE +LEADS TO\nshop\.example\.org\/ +shop\nshop\.localhost\/ +shop\nshop\.example\.org\/api +backend, without \/api\n$/,
    /^$/,
  ],
  ['routes:add shop.example.org/api', /^$/, /^shop\.example\.org\/api leads to "shop" now\.\n$/],
  ['routes:remove shop.example.org/api', /^$/, /^Removed the route shop\.example\.org\/api\.\n$/],
  ['maintenance', /^off\n$/, /^$/],
  ['maintenance:on', /^$/, /^Maintenance of "shop" is on: /],
  ['maintenance:off', /^$/, /^Maintenance of "shop" is off\.\n$/],
  ['error-page:unset', /^$/, /the page of the platform is shown/],
  ['https:on', /^$/, /sent to https\.\nhint: each domain needs a certificate: app certs\n$/],
  ['https:off', /^$/, /^"shop" is served by http too\.\n$/],
  ['hsts:unset', /^$/, /^HSTS is sent for "shop" no more/],
  ['edge', /^Maintenance: +off\n.+May come: +everybody\n.+Limits: +default\n$/s, /^$/],
  ['edge:allow', /^$/, /^Everybody may come to "shop"\.\n$/],
  ['edge:allow --clear', /^$/, /^Everybody may come to "shop"\.\n$/],
  ['edge:auth', /^$/, /^Nobody who comes to "shop" is asked/],
  ['edge:auth ada --remove', /^$/, /^ada may not come to "shop" any more\.\n$/],
  ['edge:limits', /^NAME +VALUE +WHAT\nfirst-byte +default +until the first byte.+\n/, /^$/],
]

t.test('each command of the edge prints data, and messages beside it', async (t) => {
  const desk = await openDesk(t)
  for (const [words, stdout, stderr] of calls) {
    const got = await desk.app(words.split(' '), { env })
    t.match(got, { code: 0, stdout, stderr }, `app ${words}`)
    const json = await desk.app([...words.split(' '), '--json'], { env })
    t.doesNotThrow(() => JSON.parse(json.stdout) as unknown, `app ${words} --json`)
  }
})

t.test('a domain that is taken is a conflict, and what came before it is added', async (t) => {
  const desk = await openDesk(t)
  desk.fake.on(addDomain, ({ body }) => {
    const { hostname } = body as { hostname: string }
    if (hostname === 'a.example.org') return { body: someDomain(hostname) }
    throw failure('HOST_TAKEN', {
      host: hostname,
      owner: '"blog"',
      next: 'Remove it there first: `app domains:remove b.example.org -a blog`',
    })
  })
  t.match(await desk.app(['domains:add', 'a.example.org', 'b.example.org'], { env }), {
    code: 5,
    stderr:
      /^a\.example\.org leads.+\nerror: b\.example\.org already leads to "blog"\.\nhint: Remove it/,
  })
})

t.test('domains:check looks at the domains people added, and fails when one is away', async (t) => {
  const desk = await openDesk(t)
  desk.fake.on(checkDomain, ({ params }) => ({
    body: {
      domain: someDomain(params['domain'] ?? ''),
      verdict: 'elsewhere' as const,
      addresses: ['198.51.100.1'],
      expected: ['192.0.2.1'],
      message: `${params['domain']} leads to 198.51.100.1, not here (192.0.2.1).`,
      hint: 'Where its DNS is kept, make it a CNAME record to shop.localhost.',
    },
  }))
  t.same(await desk.app(['domains:check'], { env }), {
    code: 1,
    stdout: 'shop.example.org leads to 198.51.100.1, not here (192.0.2.1).\n',
    stderr: 'hint: Where its DNS is kept, make it a CNAME record to shop.localhost.\n',
  })
  const own = someDomain('shop.localhost', { kind: 'platform' })
  desk.fake.on(listDomains, () => ({ body: [own] }))
  t.match(await desk.app(['domains:check'], { env }), {
    code: 0,
    stderr: /has no domain but the one it was given/,
  })
})

t.test('domains:remove says so when it means the one the platform gave', async (t) => {
  const desk = await openDesk(t)
  await desk.app(['domains:remove', 'shop.localhost'], { env })
  t.equal(desk.fake.last(removeDomain)?.query.get('force'), 'false')
  await desk.app(['domains:remove', 'shop.localhost', '--force'], { env })
  t.equal(desk.fake.last(removeDomain)?.query.get('force'), 'true')
})

t.test('a route is written as an address, with or without its scheme', async (t) => {
  const desk = await openDesk(t)
  await desk.app(['routes:add', 'https://a.org/api', '--to', 'backend', '--strip'], { env })
  t.same(desk.fake.last(addRoute)?.body, {
    host: 'a.org',
    path: '/api',
    strip: true,
    to: 'backend',
  })
  await desk.app(['routes:redirect', 'www.a.org', 'https://a.org', '--status', '308'], { env })
  t.same(desk.fake.last(addRoute)?.body, {
    host: 'www.a.org',
    path: '/',
    redirect: { to: 'https://a.org', status: 308 },
  })
  await desk.app(['routes:remove', 'https://a.org/api'], { env })
  t.equal(desk.fake.last(removeRoute)?.params['route'], 'a.org/api')
})

t.test('pages are read from a file or standard input', async (t) => {
  const desk = await openDesk(t)
  await writeFile(join(desk.folder, 'page.html'), '<h1>Soon</h1>')
  await desk.app(['maintenance:on', '--page', 'page.html'], { env })
  t.same(desk.fake.last(setEdge)?.body, { maintenance: true, maintenance_page: '<h1>Soon</h1>' })
  await desk.app(['maintenance:on'], { env })
  t.same(desk.fake.last(setEdge)?.body, { maintenance: true }, 'the page of last time stays')
  await desk.app(['maintenance:on', '--no-page'], { env })
  t.same(desk.fake.last(setEdge)?.body, { maintenance: true, maintenance_page: null })
  await desk.app(['error-page:set', '-'], { env, input: '<h1>Sorry</h1>\n' })
  t.same(desk.fake.last(setEdge)?.body, { error_page: '<h1>Sorry</h1>' })
})

t.test('limits are written with units', async (t) => {
  const desk = await openDesk(t)
  const words =
    'edge:limits first-byte=60s rolling=2m body=100MB app-cap=200 instance-cap=default queue=0 hold=500ms'
  t.match(await desk.app(words.split(' '), { env }), { code: 0 })
  t.same(desk.fake.last(setEdge)?.body, {
    limits: {
      first_byte_ms: 60_000,
      rolling_ms: 120_000,
      body_limit: 100 * 1024 ** 2,
      app_cap: 200,
      instance_cap: null,
      queue: 0,
      hold_ms: 500,
    },
  })
  const limits = { ...someEdge().limits, first_byte_ms: 90_000, body_limit: 1_572_864, hold_ms: 0 }
  desk.fake.on(getEdge, () => ({ body: someEdge({ limits }) }))
  t.match(await desk.app(['edge:limits'], { env }), {
    stdout: /first-byte +90s .+\nbody +1536K .+\nhold +0s /s,
  })
})

t.test('passwords come from standard input, never from the words of the command', async (t) => {
  const desk = await openDesk(t)
  const got = await desk.app(['edge:auth', 'ada', '--password-stdin'], {
    env,
    input: 'correct horse\n',
  })
  t.match(got, { code: 0, stderr: /ada is one\.\n$/ })
  t.same(desk.fake.last(setEdge)?.body, { auth: { ada: 'correct horse' } })
  t.match(await desk.app(['edge:auth', 'ada'], { env }), {
    code: 2,
    stderr: /The password cannot be asked for without a terminal/,
  })
})

t.test('edge:allow replaces, adds to, or clears who may come', async (t) => {
  const desk = await openDesk(t)
  desk.fake.on(getEdge, () => ({ body: someEdge({ allow: ['10.0.0.0/8'] }) }))
  await desk.app(['edge:allow', '192.0.2.1'], { env })
  t.same(desk.fake.last(setEdge)?.body, { allow: ['192.0.2.1'] })
  await desk.app(['edge:allow', '--add', '192.0.2.1'], { env })
  t.same(desk.fake.last(setEdge)?.body, { allow: ['10.0.0.0/8', '192.0.2.1'] })
  await desk.app(['edge:allow', '--clear'], { env })
  t.same(desk.fake.last(setEdge)?.body, { allow: [] })
  t.match(await desk.app(['edge:allow'], { env }), { code: 0, stdout: '10.0.0.0/8\n' })
})

t.test('HSTS warns of what cannot be taken back', async (t) => {
  const desk = await openDesk(t)
  const hsts = { max_age: 31_536_000, include_subdomains: true, preload: true }
  desk.fake.on(setEdge, () => ({ body: someEdge({ hsts }) }))
  const words = ['hsts:set', '--max-age', '365d', '--include-subdomains', '--preload']
  t.match(await desk.app(words, { env }), {
    code: 0,
    stderr: /warning: who comes by http.+https:on\nwarning: a domain on the lists/,
  })
  t.same(desk.fake.last(setEdge)?.body, { hsts })
  t.match(await desk.app(['https:off'], { env }), { stderr: /warning: HSTS is still sent/ })
  await desk.app(['hsts:unset', '--forget'], { env })
  t.match(desk.fake.last(setEdge)?.body, { hsts: { max_age: 0 } })
})

t.test('what was called wrongly is said before anything is asked', async (t) => {
  const desk = await openDesk(t)
  await writeFile(join(desk.folder, 'empty.html'), '\n')
  await writeFile(join(desk.folder, 'large.html'), 'x'.repeat(65_537))
  const wrong: [words: string, stderr: RegExp][] = [
    ['edge:limits first-byte', /"first-byte" is no limit: write NAME=VALUE with one of first-byte/],
    ['edge:limits speed=1', /"speed=1" is no limit/],
    ['edge:limits first-byte=60', /"60" is no value for first-byte: write one such as 30s or 5m/],
    ['edge:limits first-byte=1ms', /first-byte goes from 1s to 1h, not 1ms/],
    ['edge:limits body=1', /body goes from 1K to 1T, not 1/],
    ['edge:limits queue=-1', /"-1" is no value for queue/],
    ['edge:limits queue=1s', /"1s" is no value for queue/],
    ['hsts:set --max-age 3y', /"3y" is no time up to two years/],
    ['hsts:set --preload', /--preload needs --include-subdomains/],
    ['edge:allow --clear 10.0.0.1', /--clear takes no ranges/],
    ['edge:auth --remove', /Which user\? Name one/],
    ['edge:auth ada --password-stdin', /A password has 8 characters or more/],
    ['routes:add /api', /"\/api" is no route: write HOST\/path/],
    ['routes:redirect a.org b.org --status 200', /one of 301, 302, 307, 308/],
    ['maintenance:on --page empty.html', /empty\.html is empty/],
    ['maintenance:on --page large.html', /65536 bytes, large\.html has 65537/],
    ['error-page:set nowhere.html', /nowhere\.html cannot be read \(ENOENT\)/],
  ]
  for (const [words, stderr] of wrong) {
    const got = await desk.app(words.split(' '), { env, input: 'short' })
    t.match(got, { code: 2, stdout: '', stderr }, words)
  }
  t.equal(desk.fake.last(setEdge), undefined)
})

t.test('why tells rule, certificate, release and instance in sentences', async (t) => {
  const desk = await openDesk(t)
  t.same(await desk.app(['why', 'https://shop.example.org/api/x?y=1']), {
    code: 0,
    stdout: [
      'https://shop.example.org/api/x?y=1 leads to shop (production) by the rule for shop.example.org/api, table 7.',
      'The app is asked for /x?y=1.',
      'The certificate is for shop.example.org, by Pebble, until 2026-04-30.',
      'Release v3 serves: Deploy 1a2b3c4.',
      'web.2 (v3, 10.217.0.2:8080) would answer; 0 requests in flight there.',
      'Not web.1: 2 requests in flight there.',
      '',
    ].join('\n'),
    stderr: '',
  })
  await desk.app(['why', 'shop.example.org', '--address', '192.0.2.1', '--method', 'POST'])
  t.same(desk.fake.last(explain)?.body, {
    url: 'http://shop.example.org',
    method: 'POST',
    address: '192.0.2.1',
  })
  const json = await desk.app(['why', 'shop.example.org', '--json'])
  t.same(JSON.parse(json.stdout), someExplanation())
})

t.test('why tells what the router says instead of asking the app', async (t) => {
  const desk = await openDesk(t)
  const instead = [
    [{ status: 503, reason: 'maintenance', code: 'H80' }, /Maintenance is on.+\(503, H80\)/s],
    [{ status: 308, reason: 'https', location: 'https://x/' }, /sends it to https:\/\/x\/ \(308\)/],
    [{ status: 301, reason: 'redirect', location: 'https://y/' }, /redirects to https:\/\/y\//],
    [{ status: 403, reason: 'allow' }, /refuses it \(403\)/],
    [{ status: 401, reason: 'auth' }, /asks for a user and password \(401\)/],
    [{ status: 503, reason: 'no_instance', code: 'H10' }, /No process of shop can answer/],
    [{ status: 503, reason: 'full', code: 'H11' }, /All processes of shop are full/],
  ] as const
  for (const [said, stdout] of instead) {
    desk.fake.on(explain, () => ({
      body: someExplanation({ instead: said, instances: [], release: null, certificate: null }),
    }))
    const got = await desk.app(['why', 'https://shop.example.org/'])
    t.match(got, { code: 0, stdout, stderr: said.reason === 'https' ? '' : /^hint: / }, said.reason)
    t.match(got.stdout, /There is no certificate for shop\.example\.org/)
  }
})
