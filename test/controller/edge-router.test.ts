import http from 'node:http'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { updateApp } from '#contract/app.ts'
import { addDomain, addRoute, removeDomain } from '#contract/domain.ts'
import { setEdge } from '#contract/edge.ts'
import type { EdgeChange } from '#contract/edge.ts'
import { explain } from '#contract/why.ts'
import { openDoor } from '#test/controller/run-door.ts'
import { openPlace } from '#test/router/process-rig.ts'

interface Page {
  readonly status: number
  readonly body: string
  readonly headers: http.IncomingHttpHeaders
}

t.test('what people set at the door is what a real router does, within a second', async (t) => {
  const place = openPlace(t)
  await place.start().started()
  const { world, call, params } = await openDoor(t, { router: place.peer })
  await world.reaches(await world.release({ web: 'node server.js' }), 'succeeded')

  const get = (host: string, path = '/', headers: Record<string, string> = {}): Promise<Page> =>
    new Promise((resolve, reject) => {
      const asked = { host: '127.0.0.1', port: place.port, path, headers: { host, ...headers } }
      const request = http.get(asked, (response) => {
        const { statusCode: status = 0, headers } = response
        text(response).then((body) => resolve({ status, body, headers }), reject)
      })
      request.on('error', reject)
    })
  /** Asks until the answer is as told, at most a second. */
  const becomes = async (wanted: Partial<Page>, ...asked: Parameters<typeof get>) => {
    const [host, path = '/'] = asked
    const untilMs = performance.now() + 1000
    for (;;) {
      const page = await get(...asked)
      if (page.status === wanted.status || performance.now() > untilMs) {
        return void t.match(page, wanted, `${host}${path}: ${wanted.status}`)
      }
    }
  }
  const set = (body: EdgeChange) => call(setEdge, { params, body })
  const ok = { status: 200, body: 'shop v1 web.1\n' }
  await becomes(ok, 'shop.localhost')

  await becomes({ status: 404 }, 'any.example.org')
  await call(addDomain, { params, body: { hostname: '*.Bücher.example' } })
  await becomes(ok, 'any.xn--bcher-kva.example')
  await becomes({ status: 404 }, 'two.labels.xn--bcher-kva.example')
  await call(addRoute, {
    params,
    body: { host: 'shop.localhost', path: '/old', redirect: { to: 'https://example.com/new' } },
  })
  const location = 'https://example.com/new/x?y=1'
  await becomes({ status: 301, headers: { location } }, 'shop.localhost', '/old/x?y=1')
  await becomes(ok, 'shop.localhost', '/older')

  await set({ maintenance_page: '<h1>Back soon</h1>' })
  await call(updateApp, { params, body: { maintenance: true } })
  await becomes({ status: 503, body: '<h1>Back soon</h1>' }, 'shop.localhost')
  t.match(await call(explain, { body: { url: 'http://shop.localhost/' } }), {
    app: { name: 'shop' },
    release: { version: 1 },
    instead: { reason: 'maintenance', code: 'H80' },
  })
  await call(updateApp, { params, body: { maintenance: false } })
  await becomes(ok, 'shop.localhost')

  // Typed in two characters, as some keyboards do; sent in one, as browsers do.
  await set({ auth: { ada: 'correct cafe\u{301}' } })
  await becomes({ status: 401 }, 'shop.localhost')
  const authorization = (password: string) =>
    `Basic ${Buffer.from(`ada:${password}`).toString('base64')}`
  const plain = { authorization: authorization('correct caf\u{e9}') }
  await becomes(ok, 'shop.localhost', '/', plain)
  await becomes({ status: 401 }, 'shop.localhost', '/', { authorization: authorization('wrong') })
  await set({ auth: { ada: null }, allow: ['192.0.2.0/24'] })
  await becomes({ status: 403 }, 'shop.localhost')
  await set({ allow: ['127.0.0.0/8'], https: true })
  const secure = 'https://shop.localhost/a'
  await becomes({ status: 301, headers: { location: secure } }, 'shop.localhost', '/a')
  await set({ allow: [], https: false })
  await becomes(ok, 'shop.localhost')

  t.match(await call(explain, { body: { url: 'http://shop.localhost/' } }), {
    instead: null,
    instances: [{ name: 'web.1', release: 1, picked: true }],
  })
  const domain = '*.bücher.example'
  await call(removeDomain, { params: { ...params, domain } })
  await becomes({ status: 404 }, 'any.xn--bcher-kva.example')
})
