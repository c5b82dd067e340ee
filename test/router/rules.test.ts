import { randomBytes, scryptSync } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import t from 'tap'
import type { RouteSettings } from '#contract/route.ts'
import { errorPage } from '#router/rules/error-page.ts'
import { judge } from '#router/rules/judge.ts'
import type { Asked } from '#router/rules/judge.ts'
import { strippedTarget } from '#router/rules/strip.ts'
import type { Rule } from '#router/table/rule.ts'
import { eachTransport, isOverTls } from './each-transport.ts'
import { ask, bodyOf, get, httpBackend, openRig, statusOf, tableOf } from './rig.ts'
import { ruleWith } from './table-of.ts'

/** A request that nothing is wrong with. */
function asked(more: Partial<Asked> = {}): Asked {
  const plain = { method: 'GET', target: '/', host: 'a.test', address: '10.1.2.3' }
  return { ...plain, isSecure: true, field: () => null, ...more }
}

/** The cost is low so that the tests are quick. */
function hashOf(password: string): string {
  const salt = randomBytes(16)
  const hash = scryptSync(password, salt, 32, { N: 1024, r: 8, p: 1 })
  return `scrypt$1024$8$1$${salt.toString('base64url')}$${hash.toString('base64url')}`
}

function basic(user: string, password: string): Partial<Asked> {
  const value = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
  return { field: (name) => (name === 'authorization' ? value : null) }
}

async function statusFor(rule: Rule, more: Partial<Asked> = {}): Promise<number | null> {
  return (await judge(rule, asked(more)))?.status ?? null
}

async function locationFor(rule: Rule, more: Partial<Asked> = {}): Promise<string | undefined> {
  const reply = await judge(rule, asked(more))
  return /^Location: (.*)\r\n$/.exec(reply?.fields ?? '')?.[1]
}

t.test('a site without settings lets everything pass', async (t) => {
  t.equal(await statusFor(ruleWith({})), null)
})

t.test('a redirect replaces the path of its rule and keeps what follows', async (t) => {
  const cases = [
    ['/', 'https://b.test', '/', 'https://b.test'],
    ['/', 'https://b.test', '/x/y?q=1', 'https://b.test/x/y?q=1'],
    ['/', 'https://b.test/', '/x', 'https://b.test/x'],
    ['/', 'https://b.test', '/?q', 'https://b.test/?q'],
    ['/', 'https://b.test/base', '/x', 'https://b.test/base/x'],
    ['/old', '/new', '/old', '/new'],
    ['/old', '/new', '/old/', '/new'],
    ['/old', '/new', '/old/x?q', '/new/x?q'],
    ['/old', '/new', '/old?q', '/new?q'],
    ['/old', '/', '/old/x', '/x'],
  ] as const
  for (const [path, to, target, location] of cases) {
    const rule = ruleWith({}, { path, redirect: { to, status: 307 } })
    t.equal(await locationFor(rule, { target }), location, `${path} → ${to}: ${target}`)
    t.equal(await statusFor(rule, { target }), 307)
  }
})

t.test('nobody can make a redirect lead to a host of their own', async (t) => {
  const rule = ruleWith({}, { path: '/old', redirect: { to: '/', status: 302 } })
  for (const target of ['/old//evil.test', '/old/\\evil.test', '/old/\\/evil.test'])
    t.equal(await locationFor(rule, { target }), '/evil.test')
})

t.test('http is sent to https, in a way that keeps the method', async (t) => {
  const rule = ruleWith({ https: true })
  const isSecure = false
  t.equal(await statusFor(rule), null)
  t.equal(await locationFor(rule, { isSecure, target: '/x?q' }), 'https://a.test/x?q')
  t.equal(await statusFor(rule, { isSecure }), 301)
  t.equal(await statusFor(rule, { isSecure, method: 'HEAD' }), 301)
  t.equal(await statusFor(rule, { isSecure, method: 'POST' }), 308)
  t.equal(await locationFor(rule, { isSecure, method: 'OPTIONS', target: '*' }), 'https://a.test/')
})

t.test('only listed addresses and networks may ask', async (t) => {
  const rule = ruleWith({ allow: ['10.1.0.0/16', '192.0.2.7', '2001:db8::/32', '::1'] })
  for (const address of ['10.1.255.1', '192.0.2.7', '2001:db8:1::1', '::1', '::ffff:10.1.0.1'])
    t.equal(await statusFor(rule, { address }), null, address)
  for (const address of ['10.2.0.1', '192.0.2.8', '2001:db9::1', '::2', '::ffff:10.2.0.1', ''])
    t.equal(await statusFor(rule, { address }), 403, address)
  t.equal(await statusFor(ruleWith({ allow: [] })), 403, 'an empty list lets nobody in')
})

t.test('a user of the site and the password get through, nobody else', async (t) => {
  const auth = [
    { user: 'ann', hash: hashOf('one') },
    { user: 'bob', hash: hashOf('two: ü') },
  ]
  const rule = ruleWith({ auth })
  t.equal(await statusFor(rule, basic('ann', 'one')), null)
  t.equal(await statusFor(rule, basic('bob', 'two: ü')), null)
  for (const more of [
    {},
    basic('ann', 'two: ü'),
    basic('bob', 'one'),
    basic('cid', 'one'),
    basic('', ''),
  ])
    t.equal(await statusFor(rule, more), 401)
  for (const value of ['Bearer x', 'Basic', 'Basic !', 'Basic YW5u', `Basic ${'x'.repeat(5000)}`])
    t.equal(await statusFor(rule, { field: () => value }), 401)
  const reply = await judge(rule, asked())
  t.equal(reply?.fields, 'WWW-Authenticate: Basic realm="a", charset="UTF-8"\r\n')
})

t.test('a password is hashed once; the new one counts at once after a change', async (t) => {
  const rule = ruleWith({ auth: [{ user: 'ann', hash: hashOf('one') }] })
  t.type(judge(rule, asked(basic('ann', 'one'))), Promise)
  await sleep(50)
  t.equal(judge(rule, asked(basic('ann', 'one'))), null)
  await judge(rule, asked(basic('ann', 'no')))
  t.match(judge(rule, asked(basic('ann', 'no'))), { status: 401 }, 'nor is a wrong one twice')
  const changed = ruleWith({ auth: [{ user: 'ann', hash: hashOf('two') }] })
  t.equal(await statusFor(changed, basic('ann', 'one')), 401)
})

t.test('thousands of wrong passwords neither stop the rest nor pile up', async (t) => {
  const rule = ruleWith({ auth: [{ user: 'ann', hash: hashOf('one') }] })
  const other = ruleWith({ auth: [{ user: 'ann', hash: hashOf('two') }] })
  const begun = performance.now()
  const guesses = Array.from({ length: 5000 }, (_, n) => judge(rule, asked(basic('ann', `${n}`))))
  const took = performance.now() - begun
  t.ok(took < 500, `${took} ms in one turn`)
  t.equal(await statusFor(other, basic('ann', 'two')), null, 'another site is not held up')
  const statuses = await Promise.all(guesses.map(async (reply) => (await reply)?.status))
  const told = statuses.filter((status) => status === 401).length
  t.ok(told < 50, `${told} were hashed`)
  t.equal(statuses.filter((status) => status === 429).length, 5000 - told)
})

t.test('maintenance is told to those who may ask, with the page of the site', async (t) => {
  const settings: RouteSettings = {
    maintenance: true,
    maintenance_page: '<p>soon',
    allow: ['10.0.0.0/8'],
  }
  const rule = ruleWith(settings)
  t.match(await judge(rule, asked()), { status: 503, body: '<p>soon', code: 'H80' })
  t.equal(await statusFor(rule, { address: '192.0.2.1' }), 403)
  t.match(await judge(ruleWith({ maintenance: true }), asked()), { status: 503, body: null })
})

t.test('the order is: redirect, https, who asks, the password, maintenance', async (t) => {
  const auth = [{ user: 'ann', hash: hashOf('one') }]
  const all: RouteSettings = { https: true, allow: ['10.0.0.0/8'], auth, maintenance: true }
  const redirected = ruleWith(all, { redirect: { to: '/b', status: 302 } })
  const stranger = { isSecure: false, address: '192.0.2.1' }
  t.equal(await statusFor(redirected, stranger), 302)
  t.equal(await statusFor(ruleWith(all), stranger), 301)
  t.equal(await statusFor(ruleWith(all), { address: '192.0.2.1' }), 403)
  t.equal(await statusFor(ruleWith(all)), 401)
  t.equal(await statusFor(ruleWith(all), basic('ann', 'one')), 503)
})

t.test('a stripped target is a path again', async (t) => {
  const rule = ruleWith({}, { path: '/api', strip: true })
  const cases = {
    '/api': '/',
    '/api/': '/',
    '/api?q': '/?q',
    '/api/x/y?q': '/x/y?q',
    '/api//x': '/x',
  }
  for (const [target, left] of Object.entries(cases)) t.equal(strippedTarget(rule, target), left)
  t.equal(strippedTarget(ruleWith({}), '/x'), '/x')
})

t.test('the error page of a site is for errors that are ours to tell', async (t) => {
  const { site } = ruleWith({ error_page: '<p>sorry' })
  for (const status of [502, 503, 504]) t.equal(errorPage(site, status), '<p>sorry')
  for (const status of [400, 401, 404, 500]) t.equal(errorPage(site, status), null)
  t.equal(errorPage(null, 502), null)
})

/** What a request over the wire is answered, with the app behind these settings. */
async function through(t: Test, settings: RouteSettings, fields = ''): Promise<string> {
  const rig = await openRig(t)
  const app = await httpBackend(t, (request, response) => response.end(`app ${request.url}`))
  const { sites, rules } = tableOf(1, [{ id: 'a', release: 1, host: '127.0.0.1', port: app.port }])
  rig.routes.replace({ number: 1, sites: sites.map((one) => ({ ...one, settings })), rules })
  return ask(t, rig.port, get('/x', fields))
}

eachTransport.test('rules hold on the wire', async (t) => {
  const auth = [{ user: 'ann', hash: hashOf('one') }]
  const login = `Authorization: Basic ${Buffer.from('ann:one').toString('base64')}\r\n`
  t.match(await through(t, { auth }, login), /^HTTP\/1.1 200[^]*app \/x/)
  t.match(await through(t, { auth }), /^HTTP\/1.1 401 [^]*WWW-Authenticate: Basic realm="a"/)
  t.equal(statusOf(await through(t, { allow: ['10.0.0.0/8'] })), 403)
  t.equal(statusOf(await through(t, { allow: ['127.0.0.0/8'] })), 200)
  const closed = await through(t, { maintenance: true, maintenance_page: '<p>so lange zu: ü' })
  t.equal(statusOf(closed), 503)
  t.equal(Buffer.from(bodyOf(closed), 'latin1').toString('utf8'), '<p>so lange zu: ü')
})

eachTransport.test('an app for https is served over TLS, and redirects what is not', async (t) => {
  const sent = /^HTTP\/1.1 301 [^]*Location: https:\/\/a.test\/x\r\n/
  const served = /^HTTP\/1.1 200 [^]*app \/x$/
  t.match(await through(t, { https: true }), isOverTls() ? served : sent)
})
