import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import type { Test } from 'tap'
import t from 'tap'
import { errorBody } from '#contract/error.ts'
import type { SlipwayError } from '#contract/error.ts'
import type { RouteRule, RouteSettings, TableChange } from '#contract/route.ts'
import type { Offer } from '#controller/deploy/route-table.ts'
import { RouterKeeper } from '#controller/deploy/router.ts'
import { parseChange } from '#router/table/parse.ts'
import { Routes } from '#router/table/routes.ts'

const signal = new AbortController().signal

/** A keeper, and a router that is only a table; `changes` are those it took, `asked` all that was asked. */
async function open(t: Test) {
  const world = { routes: new Routes(), changes: [] as TableChange[], asked: [] as string[] }
  const answer = async (method: string, url: string, body: Promise<unknown>): Promise<unknown> => {
    world.asked.push(`${method} ${url}`)
    if (method === 'GET' && url === '/table') return world.routes.table
    if (method === 'PATCH') {
      const change = parseChange(await body, world.routes)
      if (world.routes.change(change)) world.changes.push(change)
    }
    return { number: world.routes.number }
  }
  const server = createServer((request, response) => {
    const { method = '', url = '' } = request
    const send = (status: number, body: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(JSON.stringify(body))
    }
    const refuse = (error: SlipwayError): void => send(error.status, errorBody(error, 'test'))
    answer(method, url, method === 'PATCH' ? json(request) : Promise.resolve()).then(
      (body) => send(200, body),
      refuse,
    )
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  let last = 0
  const nextNumber = async (floor: number): Promise<number> => (last = Math.max(last, floor) + 1)
  const keeper = (): RouterKeeper =>
    new RouterKeeper({ router: { url, program: 'router' }, nextNumber })
  return { world, keeper }
}

function offer(app: string, hosts: readonly string[], settings?: RouteSettings): Offer {
  const instances = [{ id: `${app}-1`, release: 1, host: '10.0.0.1', port: 5000 }]
  const site = { app, environment: 'production', instances }
  const rules: RouteRule[] = hosts.map((host) => ({ host, site: `${app}/production` }))
  return { site: settings === undefined ? site : { ...site, settings }, rules }
}

const [a, b, c] = ['a/production', 'b/production', 'c/production'] as const

t.test('a change carries what differs, and nothing of other environments', async (t) => {
  const { world, keeper } = await open(t)
  const one = keeper()
  one.know([a, b])
  await one.put(a, offer('a', ['a.test', 'www.a.test']), signal)
  await one.put(b, offer('b', ['b.test']), signal)
  await one.put(a, offer('a', ['a.test', 'www.a.test'], { maintenance: true }), signal)
  await one.put(a, offer('a', ['a.test'], { maintenance: true }), signal)
  await one.put(a, offer('a', ['a.test'], { maintenance: true }), signal)
  t.equal(world.changes.length, 4, 'what is there already is not sent')
  t.match(world.changes[2], { sites: [{ app: 'a' }], rules: [], gone_rules: [] })
  t.match(world.changes[3], { sites: [], rules: [], gone_rules: [{ host: 'www.a.test' }] })
  t.equal(world.asked.filter((one) => one === 'GET /table').length, 1)
})

t.test(
  'a controller that starts keeps what it has not looked at yet, and drops what is no more',
  async (t) => {
    const { world, keeper } = await open(t)
    const one = keeper()
    one.know([a, b, c])
    for (const app of ['a', 'b', 'c'])
      await one.put(`${app}/production`, offer(app, [`${app}.test`]), signal)
    const two = keeper()
    two.know([a, b])
    await two.learn(signal)
    t.same(
      two.routed(b)?.map(({ id }) => id),
      ['b-1'],
    )
    t.same(two.routed('nobody/production'), [])
    await two.put(a, offer('a', ['a2.test']), signal)
    t.same(world.routes.table.sites.map(({ app }) => app).toSorted(), ['a', 'b'])
    t.same(world.routes.table.rules.map(({ host }) => host).toSorted(), ['a2.test', 'b.test'])
  },
)

t.test('a host that moves is never taken away by the environment it left', async (t) => {
  const { world, keeper } = await open(t)
  const one = keeper()
  one.know([a, b])
  await one.put(a, offer('a', ['a.test', 'x.test']), signal)
  await one.put(b, offer('b', ['b.test', 'x.test']), signal)
  t.equal(world.routes.find('x.test', '/')?.site.app, 'b')
  await one.put(a, offer('a', ['a.test']), signal)
  t.equal(world.routes.find('x.test', '/')?.site.app, 'b')
})

t.test('a router that has another table is asked for it, and given what it lacks', async (t) => {
  const { world, keeper } = await open(t)
  const one = keeper()
  one.know([a, b])
  await one.put(a, offer('a', ['a.test']), signal)
  await one.put(b, offer('b', ['b.test']), signal)
  world.routes = new Routes()
  await one.put(b, offer('b', ['b2.test']), signal)
  t.same(world.routes.table.rules.map(({ host }) => host).toSorted(), ['a.test', 'b2.test'])
})

t.test('checking costs one number while nothing is amiss', async (t) => {
  const { world, keeper } = await open(t)
  const one = keeper()
  one.know([a])
  await one.put(a, offer('a', ['a.test']), signal)
  world.asked.length = 0
  await one.check(signal)
  t.same(world.asked, ['GET /table/number'])
  world.routes = new Routes()
  await one.check(signal)
  t.equal(world.routes.find('a.test', '/')?.site.app, 'a')
  one.know([])
  await one.check(signal)
  t.same(world.routes.table.sites, [])
})

t.test('what the router refuses of one environment is in no other’s way', async (t) => {
  const { world, keeper } = await open(t)
  const one = keeper()
  one.know([a, b])
  await one.put(a, offer('a', ['a.test']), signal)
  await t.rejects(one.put(a, offer('a', ['NOT A HOST']), signal), { code: 'INVALID_PARAMS' })
  await one.put(b, offer('b', ['b.test']), signal)
  t.same(world.routes.table.rules.map(({ host }) => host).toSorted(), ['a.test', 'b.test'])
})

t.test('very many environments go in changes of a bounded size', async (t) => {
  const { world, keeper } = await open(t)
  const apps = Array.from({ length: 450 }, (_, n) => `app-${n}`)
  const one = keeper()
  one.know(apps.map((app) => `${app}/production`))
  await Promise.all(
    apps.map((app) => one.put(`${app}/production`, offer(app, [`${app}.test`]), signal)),
  )
  world.routes = new Routes()
  world.changes.length = 0
  await one.check(signal)
  t.same(
    world.changes.map(({ sites }) => sites.length),
    [200, 200, 50],
  )
  t.equal(world.routes.siteCount, 450)
})
