import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import t from 'tap'
import type { Test } from 'tap'
import { createApp } from '#contract/app.ts'
import { errorBody, failure } from '#contract/error.ts'
import { explain } from '#contract/why.ts'
import type { WhyAnswer } from '#contract/route.ts'
import { setEdge } from '#contract/edge.ts'
import { readPlace } from '#controller/deploy/place.ts'
import { offerOf } from '#controller/deploy/route-table.ts'
import { allEnvironments } from '#controller/store/environments.ts'
import { openLog } from '#lib/log.ts'
import { adminCalls } from '#router/admin/calls.ts'
import { openAdmin } from '#router/admin/server.ts'
import { Routes } from '#router/table/routes.ts'
import { startPlatform } from '#test/controller/platform.ts'

const answer: WhyAnswer = {
  table: 7,
  host: 'shop.localhost',
  target: '/a?b=c',
  sent: '/a?b=c',
  rule: { host: 'shop.localhost', site: 'shop/production' },
  app: 'shop',
  environment: 'production',
  settings: { https: true },
  in_flight: 1,
  instances: [
    {
      id: 'slw-main-shop-1a2b3c4d-web-1',
      release: 3,
      host: '10.217.0.2',
      port: 8080,
      in_flight: 1,
      tunnels: 0,
      idle: 2,
      picked: true,
    },
  ],
}

/** A router that explains everything in the same way, and what it was asked. */
async function openRouter(t: Test, said: unknown = answer) {
  const asked: unknown[] = []
  const server = createServer((request, response) => {
    void json(request).then((body) => {
      asked.push([request.method, request.url, request.headers.authorization, body])
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(JSON.stringify(said))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const router = { url: `http://127.0.0.1:${port}`, token: 'internal', program: 'router' }
  return { asked, router }
}

t.test('the router is asked, and its answer told with app, release and names', async (t) => {
  const { router, asked } = await openRouter(t)
  const { user } = await startPlatform(t, { router })
  const alice = await user('alice@example.com')
  await alice(createApp, { body: { name: 'shop' } })
  const body = { url: 'http://ada:secret@shop.localhost/a?b=c', address: '192.0.2.1' }
  t.match(await alice(explain, { body }), {
    table: 7,
    app: { name: 'shop' },
    environment: { name: 'production' },
    release: null,
    rule: { host: 'shop.localhost' },
    settings: { https: true },
    instead: null,
    certificate: null,
    instances: [{ name: 'web.1', release: 3, picked: true }],
  })
  t.same(asked, [
    [
      'POST',
      '/why',
      'Bearer internal',
      { url: 'http://shop.localhost/a?b=c', method: 'GET', address: '192.0.2.1' },
    ],
  ])
})

t.test('a host of others and one that leads nowhere get the same answer', async (t) => {
  const { router } = await openRouter(t)
  const platform = await startPlatform(t, { router })
  const alice = await platform.user('alice@example.com')
  const bob = await platform.user('bob@example.com')
  const body = { url: 'https://shop.localhost/' }
  const hidden = {
    code: 'NO_ROUTE',
    status: 404,
    message: 'shop.localhost leads to no app, or to one that is not yours.',
  }
  await t.rejects(bob(explain, { body }), hidden, 'no app has the name')
  await alice(createApp, { body: { name: 'shop' } })
  await t.rejects(bob(explain, { body }), hidden)
  const root = await platform.user('root@example.com', { admin: true })
  t.match(await root(explain, { body }), { app: { name: 'shop' } })
})

t.test('no rule is no route', async (t) => {
  const { app: _app, rule: _rule, ...rest } = answer
  const { router } = await openRouter(t, { ...rest, instances: [] })
  const { user } = await startPlatform(t, { router })
  const alice = await user('alice@example.com')
  await t.rejects(alice(explain, { body: { url: 'http://x.localhost/' } }), { code: 'NO_ROUTE' })
})

t.test('what is no address is refused, and a router that is down is named', async (t) => {
  const { user } = await startPlatform(t)
  const alice = await user('alice@example.com')
  for (const url of ['shop.localhost', 'ftp://shop.localhost/', '/path', '']) {
    await t.rejects(alice(explain, { body: { url } }), { code: 'URL_INVALID' }, url)
  }
  await t.rejects(alice(explain, { body: { url: 'http://shop.localhost' } }), {
    code: 'UNAVAILABLE',
    message: /^The router cannot be reached/,
  })
})

t.test('a real router explains what people have set, and never tells a hash', async (t) => {
  const routes = new Routes()
  const file = { replace: async () => undefined, append: async () => undefined }
  const log = openLog('router', () => undefined)
  const where = { host: '127.0.0.1', port: 0 }
  const token = 'the-token-of-the-programs'
  const calls = adminCalls({ routes, file, log })
  const admin = await openAdmin({ where, token, calls, log })
  t.teardown(() => admin.close())
  const router = { url: `http://127.0.0.1:${admin.port}`, token, program: 'router' }
  const { user, deps } = await startPlatform(t, { router })
  const alice = await user('alice@example.com')
  await alice(createApp, { body: { name: 'shop' } })
  const params = { app: 'shop' }
  const ask = (body: { url: string; address?: string }) => alice(explain, { body })

  let number = 0
  const publish = async (): Promise<void> => {
    const [row] = await allEnvironments(deps.db)
    const place = await readPlace(deps.db, row?.id ?? '')
    if (place === null) throw new TypeError('there is an environment')
    const { environment, rules, settings } = place
    const { site } = offerOf({ app: 'shop', environment, rules, settings }, [])
    const instances = [1, 2].map((index) => ({
      id: `slw-main-shop-1a2b3c4d-web-${index}`,
      release: 1,
      host: `10.217.0.${index}`,
      port: 8080,
    }))
    number += 1
    routes.replace({ number, sites: [{ ...site, instances }], rules: [...rules] })
  }

  await publish()
  const plain = await ask({ url: 'http://shop.localhost:8080/a?b' })
  t.match(plain, { table: 1, target: '/a?b', rule: { host: 'shop.localhost' }, instead: null })
  t.same(plain.instances.map(({ name }) => name).toSorted(), ['web.1', 'web.2'])
  t.equal(plain.instances.filter(({ picked }) => picked).length, 1)
  t.match(
    plain.instances.find(({ picked }) => !picked),
    { why_not: 'turn' },
  )
  await alice(setEdge, { params, body: { maintenance: true } })
  await publish()
  t.match(await ask({ url: 'http://shop.localhost/' }), {
    instead: { status: 503, reason: 'maintenance', code: 'H80' },
  })
  await alice(setEdge, { params, body: { auth: { ada: 'correct horse' }, allow: ['10.0.0.0/8'] } })
  await publish()
  const locked = await ask({ url: 'http://shop.localhost/', address: '10.1.2.3' })
  t.match(locked, { instead: { status: 401, reason: 'auth' } })
  t.notMatch(JSON.stringify(locked), /scrypt/)
  t.match(await ask({ url: 'http://shop.localhost/', address: '192.0.2.1' }), {
    instead: { status: 403, reason: 'allow' },
  })
  await alice(setEdge, { params, body: { https: true } })
  await publish()
  t.match(await ask({ url: 'http://shop.localhost/a' }), {
    instead: { status: 301, reason: 'https', location: 'https://shop.localhost/a' },
  })
  await t.rejects(ask({ url: 'http://shop.localhost/', address: 'here' }), {
    code: 'INVALID_PARAMS',
  })
})

t.test('a router that does not know our token is no reason to log in again', async (t) => {
  const server = createServer((_request, response) => {
    response.writeHead(401, { 'content-type': 'application/json' })
    response.end(JSON.stringify(errorBody(failure('UNAUTHORIZED', {}), 'r-1')))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const router = { url: `http://127.0.0.1:${port}`, token: 'old', program: 'router' }
  const { user } = await startPlatform(t, { router })
  const alice = await user('alice@example.com')
  await t.rejects(alice(explain, { body: { url: 'http://shop.localhost' } }), {
    code: 'UNAVAILABLE',
  })
})
