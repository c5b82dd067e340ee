import t from 'tap'
import { changeFault, tableFault } from '#router/table/check.ts'
import { Routes } from '#router/table/routes.ts'
import { change, instance, routesOf, rule, site, table } from './table-of.ts'

const signal = new AbortController().signal

function appAt(routes: Routes, host: string, path = '/'): string | undefined {
  return routes.find(host, path)?.site.app
}

t.test('a host is found in any case, with or without the dot of the root', async (t) => {
  const routes = routesOf([site('a')], [rule('www.a.test', 'a')])
  for (const host of ['www.a.test', 'WWW.A.Test', 'www.a.test.']) t.equal(appAt(routes, host), 'a')
  for (const host of ['a.test', 'x.www.a.test', 'www.a.test.x', ''])
    t.equal(appAt(routes, host), undefined)
})

t.test('an exact host goes before a wildcard, which is for one label more', async (t) => {
  const routes = routesOf([site('a'), site('b')], [rule('*.a.test', 'a'), rule('b.a.test', 'b')])
  t.equal(appAt(routes, 'c.a.test'), 'a')
  t.equal(appAt(routes, 'C.A.test'), 'a')
  t.equal(appAt(routes, 'b.a.test'), 'b')
  for (const host of ['a.test', 'd.c.a.test', '.a.test']) t.equal(appAt(routes, host), undefined)
})

t.test('the longest path that covers the target on a border of segments is taken', async (t) => {
  const sites = [site('all'), site('api'), site('v2'), site('wild')]
  const routes = routesOf(sites, [
    rule('a.test', 'api', { path: '/api' }),
    rule('a.test', 'all'),
    rule('a.test', 'v2', { path: '/api/v2' }),
    rule('b.test', 'api', { path: '/api' }),
    rule('*.test', 'wild'),
  ])
  const cases = {
    '/': 'all',
    '/api': 'api',
    '/api?q': 'api',
    '/api/': 'api',
    '/api/v1': 'api',
    '/apis': 'all',
    '/api/v2/x': 'v2',
    '/api/v22': 'api',
    '/API': 'all',
    '*': 'all',
  }
  for (const [path, app] of Object.entries(cases)) t.equal(appAt(routes, 'a.test', path), app, path)
  t.equal(appAt(routes, 'b.test', '/api/x'), 'api')
  t.equal(appAt(routes, 'b.test', '/other'), 'wild', 'what an exact host leaves, a wildcard takes')
})

t.test('a change puts and takes away what it names, and nothing else', async (t) => {
  const routes = routesOf(
    [site('a', [instance(1)]), site('b', [instance(2)])],
    [rule('a.test', 'a'), rule('a.test', 'b', { path: '/b' }), rule('*.b.test', 'b')],
  )
  const kept = routes.site('a/production')
  t.ok(
    routes.change(
      change(1, {
        sites: [site('c', [instance(3)])],
        rules: [rule('a.test', 'c', { path: '/b' }), rule('c.test', 'c')],
        gone_sites: ['b/production'],
        gone_rules: [{ host: '*.b.test' }],
      }),
    ),
  )
  t.equal(appAt(routes, 'a.test'), 'a')
  t.equal(appAt(routes, 'a.test', '/b'), 'c')
  t.equal(appAt(routes, 'c.test'), 'c')
  t.equal(appAt(routes, 'x.b.test'), undefined)
  t.equal(routes.site('a/production'), kept, 'a site lives on')
  t.equal(routes.site('b/production'), undefined)
  t.equal(routes.number, 2)
  t.equal(routes.change(change(1)), false, 'it is for another table')
})

t.test('many changes come to the same as the table they lead to', async (t) => {
  const routes = routesOf([site('a')], [])
  const apps = ['a', 'b', 'c']
  const hosts = ['a.test', 'b.test', '*.test']
  const paths = ['/', '/x', '/x/y', '/z']
  routes.change(change(1, { sites: [site('b'), site('c')] }))
  const wanted = new Map<string, ReturnType<typeof rule>>()
  for (let i = 0; i < 400; i += 1) {
    const host = hosts[i % 3] ?? ''
    const path = paths[(i * 7) % 4] ?? ''
    const isGone = (i * 13) % 5 === 0
    const one = rule(host, apps[(i * 11) % 3] ?? '', path === '/' ? {} : { path })
    if (isGone) wanted.delete(host + path)
    else wanted.set(host + path, one)
    routes.change(
      change(routes.number, isGone ? { gone_rules: [{ host, path }] } : { rules: [one] }),
    )
    const other = routesOf(
      apps.map((app) => site(app)),
      [...wanted.values()],
    )
    for (const [asked, target] of [
      ['a.test', '/x/y/z'],
      ['b.test', '/'],
      ['q.test', '/x'],
      ['a.test', '/z'],
    ] as const)
      t.equal(appAt(routes, asked, target), appAt(other, asked, target), `${i} ${asked}${target}`)
  }
  t.equal(routes.table.rules.length, wanted.size)
  for (const app of apps) {
    const count = [...wanted.values()].filter((one) => one.site === `${app}/production`).length
    t.equal(routes.site(`${app}/production`)?.ruleCount, count)
  }
})

t.test('the table is told as it came, whole and in parts', async (t) => {
  const settings = { maintenance: true, allow: ['10.0.0.0/8'] }
  const sites = [site('a', [instance(1), instance(2)]), site('b', [], settings)]
  const rules = [
    rule('a.test', 'a'),
    rule('b.test', 'b', { path: '/b', strip: true }),
    rule('c.test', 'b', { redirect: { to: 'https://b.test', status: 301 } }),
    rule('*.test', 'a'),
  ]
  const routes = routesOf(sites, rules)
  t.same(routes.table, table(1, sites, rules))
  const again = new Routes()
  again.replace(table(1, [], []))
  for (const part of routes.parts(1)) again.add(part)
  t.same(again.table, routes.table)
})

t.test('an instance that is left out is waited for, whichever way it went', async (t) => {
  const routes = routesOf([site('a', [instance(1), instance(2)])], [])
  const [one, two] = routes.site('a/production')?.instances ?? []
  one?.begin()
  two?.begin()
  t.equal(routes.site('a/production')?.inFlight, 2)
  routes.change(change(1, { sites: [site('a', [instance(2)])] }))
  routes.change(change(2, { gone_sites: ['a/production'] }))
  t.same(await routes.awaitIdle(['i-1', 'i-2'], { waitMs: 10 }, signal), ['i-1', 'i-2'])
  t.ok(one?.isRetired && two?.isRetired)
  one?.end()
  two?.end()
  t.same(await routes.awaitIdle(['i-1', 'i-2'], { waitMs: 1000 }, signal), [])
})

t.test('caps keep a request from instances, and from the app', async (t) => {
  const sites = [site('a', [instance(1), instance(2)], { instance_cap: 1, app_cap: 3 })]
  const a = routesOf(sites, []).site('a/production')
  const first = a?.pick([])
  first?.begin()
  const second = a?.pick([])
  t.not(first, second)
  second?.begin()
  t.equal(a?.pick([]), undefined)
  first?.end()
  t.equal(a?.pick([]), first)
  t.equal(first === undefined ? undefined : a?.pick([first]), undefined)
  const b = routesOf([site('b', [instance(1)], { app_cap: 1 })], []).site('b/production')
  b?.pick([])?.begin()
  t.equal(b?.pick([]), undefined)
})

t.test('settings that no request is judged by are plain', async (t) => {
  const isPlain = (settings?: object, more = {}): boolean | undefined =>
    routesOf([site('a', [], settings)], [rule('a.test', 'a', more)]).find('a.test', '/')?.isPlain
  t.equal(isPlain(), true)
  t.equal(isPlain({ queue: 1, error_page: '<p>', maintenance: false, https: false }), true)
  for (const settings of [{ maintenance: true }, { https: true }, { allow: [] }, { auth: [] }])
    t.equal(isPlain(settings), false)
  t.equal(isPlain({}, { redirect: { to: '/b', status: 301 } }), false)
})

const hash = `scrypt$16384$8$1$${'s'.repeat(22)}$${'h'.repeat(43)}`
const bad = {
  'a site is there twice': table(1, [site('a'), site('a')], []),
  'a host is routed twice': table(
    1,
    [site('a')],
    [rule('a.test', 'a'), rule('a.test', 'a', { path: '/' })],
  ),
  'a rule leads nowhere': table(1, [site('a')], [rule('a.test', 'b')]),
  'upper case': table(1, [site('a')], [rule('A.test', 'a')]),
  'a port in the host': table(1, [site('a')], [rule('a.test:80', 'a')]),
  'two asterisks': table(1, [site('a')], [rule('*.*.test', 'a')]),
  'an asterisk alone': table(1, [site('a')], [rule('*', 'a')]),
  'a path without a slash': table(1, [site('a')], [rule('a.test', 'a', { path: 'b' })]),
  'a path that ends with a slash': table(1, [site('a')], [rule('a.test', 'a', { path: '/b/' })]),
  'a path with a query': table(1, [site('a')], [rule('a.test', 'a', { path: '/b?c' })]),
  'a redirect that breaks a line': table(
    1,
    [site('a')],
    [rule('a.test', 'a', { redirect: { to: '/b\r\nX: y', status: 301 } })],
  ),
  'a redirect to another host in disguise': table(
    1,
    [site('a')],
    [rule('a.test', 'a', { redirect: { to: '//b.test', status: 301 } })],
  ),
  'a slash in a name': table(1, [site('a/b')], []),
  'port 0': table(1, [site('a', [{ ...instance(1), port: 0 }])], []),
  'a name for an address': table(1, [site('a', [{ ...instance(1), host: 'localhost' }])], []),
  'a network that is none': table(1, [site('a', [], { allow: ['10.0.0.0/33'] })], []),
  'a page of more than 64 KiB': table(1, [site('a', [], { error_page: 'x'.repeat(65_537) })], []),
  'a field of two lines': table(1, [site('a', [], { hsts: 'max-age=1\r\nX: y' })], []),
  'a user with a colon': table(1, [site('a', [], { auth: [{ user: 'a:b', hash }] })], []),
  'a password in clear': table(1, [site('a', [], { auth: [{ user: 'a', hash: 'secret' }] })], []),
  'a hash that takes a gigabyte': table(
    1,
    [site('a', [], { auth: [{ user: 'a', hash: hash.replace('16384', '1048576') }] })],
    [],
  ),
}
for (const [what, value] of Object.entries(bad)) {
  t.test(`a table is refused: ${what}`, async (t) => {
    const fault = tableFault(value)
    t.type(fault, 'string')
    t.notMatch(fault, /secret/)
  })
}

t.test('a table is taken that has all there is', async (t) => {
  const settings = {
    allow: ['10.0.0.0/8', '::1', '2001:db8::/32'],
    auth: [{ user: 'a', hash }],
    hsts: 'max-age=1',
  }
  const rules = [
    rule('a.test', 'a'),
    rule('*.a.test', 'a', { path: '/b/c.d~e', strip: true }),
    rule('xn--bcher-kva.test', 'a', { redirect: { to: 'https://a.test/b', status: 308 } }),
    rule('[::1]', 'a', { redirect: { to: '/b', status: 302 } }),
  ]
  t.equal(tableFault(table(1, [site('a', [instance(1)], settings)], rules)), null)
})

t.test('a change is refused that would leave rules without a site', async (t) => {
  const routes = routesOf(
    [site('a'), site('b')],
    [rule('a.test', 'a'), rule('b.test', 'b'), rule('b.test', 'b', { path: '/b' })],
  )
  const gone_sites = ['b/production']
  const gone_rules = [{ host: 'b.test' }]
  t.type(changeFault(change(1, { gone_sites }), routes), 'string')
  t.type(changeFault(change(1, { gone_sites, gone_rules }), routes), 'string')
  const taken = [rule('b.test', 'a', { path: '/b' })]
  t.equal(changeFault(change(1, { gone_sites, gone_rules, rules: taken }), routes), null)
  t.type(changeFault(change(1, { rules: [rule('c.test', 'c')] }), routes), 'string')
  t.type(changeFault(change(1, { gone_sites, sites: [site('b')] }), routes), 'string')
  t.type(changeFault(change(1, { number: 1 }), routes), 'string')
  t.equal(changeFault(change(1, { gone_sites: ['nobody/production'] }), routes), null)
})
