import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import type { RouteSettings } from '#contract/route.ts'
import { eachTransport as t } from './each-transport.ts'
import type { Rig } from './rig.ts'
import { ask, bodyOf, dial, get, httpBackend, instanceAt, openRig, statusOf } from './rig.ts'

const host = 'Host: a.test\r\n'

function routeWith(rig: Rig, settings: RouteSettings, ...ports: number[]): void {
  rig.routes.replace({
    number: rig.routes.number + 1,
    sites: [{ app: 'a', environment: 'production', instances: ports.map(instanceAt), settings }],
    rules: [{ host: 'a.test', site: 'a/production' }],
  })
}

/** A port on which nobody listens. */
async function closedPort(t: Test): Promise<number> {
  const { server, port } = await httpBackend(t)
  await new Promise((resolve) => server.close(resolve))
  return port
}

t.test('a request for an app without instances waits for one, if the app says so', async (t) => {
  const rig = await openRig(t)
  routeWith(rig, { hold_ms: 5000 })
  const answers = [
    ask(t, rig.port, get('/1')),
    ask(
      t,
      rig.port,
      `POST / HTTP/1.1\r\n${host}Connection: close\r\nContent-Length: 4\r\n\r\nbody`,
    ),
  ]
  await sleep(200)
  const app = await httpBackend(t)
  routeWith(rig, { hold_ms: 5000 }, app.port)
  t.same((await Promise.all(answers)).map(statusOf), [200, 200])
  t.equal(app.seen.length, 2)
})

t.test('a body that has not come is not read while its request is held', async (t) => {
  const rig = await openRig(t)
  routeWith(rig, { hold_ms: 5000 })
  const size = 30_000_000
  const client = dial(t, rig.port)
  client.send(`POST / HTTP/1.1\r\n${host}Connection: close\r\nContent-Length: ${size}\r\n\r\n`)
  client.send('x'.repeat(size))
  await sleep(300)
  t.ok(client.socket.writableLength > size / 3, 'the client is held back')
  const app = await httpBackend(t)
  routeWith(rig, { hold_ms: 5000 }, app.port)
  t.equal((JSON.parse(bodyOf(await client.all())) as { body: string }).body.length, size)
})

t.test('a request is held while its only instance refuses connections', async (t) => {
  const rig = await openRig(t)
  const port = await closedPort(t)
  routeWith(rig, { hold_ms: 5000 }, port)
  const answers = [1, 2, 3].map(() => ask(t, rig.port, get()))
  await sleep(250)
  const app = await httpBackend(t)
  routeWith(rig, { hold_ms: 5000 }, app.port)
  t.same((await Promise.all(answers)).map(statusOf), [200, 200, 200])
})

t.test('who waits too long is told to come back', async (t) => {
  const rig = await openRig(t, { lingerMs: 20 })
  routeWith(rig, { hold_ms: 100 })
  const answer = await ask(t, rig.port, get())
  t.equal(statusOf(answer), 503)
  t.match(answer, /\r\nRetry-After: \d+\r\n/)
})

t.test('only so many wait as the app says', async (t) => {
  const rig = await openRig(t, { lingerMs: 20 })
  routeWith(rig, { hold_ms: 400, queue: 2 })
  const answers = [1, 2, 3].map((n) => ask(t, rig.port, get(`/${n}`)))
  const first = await Promise.race(answers)
  t.equal(statusOf(first), 503)
  t.match(first, /\r\nRetry-After: \d+\r\n/)
  t.equal(rig.routes.find('a.test', '/')?.site.waitingCount, 2)
  await Promise.all(answers)
})

t.test('without a word of the app nobody waits for an instance', async (t) => {
  const rig = await openRig(t)
  routeWith(rig, {})
  t.equal(statusOf(await ask(t, rig.port, get())), 503)
})

t.test('an instance gets no more at once than its cap, the rest waits in order', async (t) => {
  const rig = await openRig(t)
  let [now, most] = [0, 0]
  const order: string[] = []
  const all = Promise.withResolvers<void>()
  const app = await httpBackend(t, (request, response) => {
    most = Math.max(most, ++now)
    order.push(request.url ?? '')
    const answer = (): void => {
      now -= 1
      response.end('ok')
    }
    void all.promise.then(() => setTimeout(answer, 5))
  })
  routeWith(rig, { instance_cap: 2 }, app.port)
  const site = rig.routes.find('a.test', '/')?.site
  const paths = Array.from({ length: 10 }, (_, n) => `/${n}`)
  const answers: Promise<string>[] = []
  for (const path of paths) {
    answers.push(ask(t, rig.port, get(path)))
    while ((site?.inFlight ?? 0) + (site?.waitingCount ?? 0) < answers.length) await sleep(1)
  }
  all.resolve()
  t.ok((await Promise.all(answers)).every((answer) => statusOf(answer) === 200))
  t.equal(most, 2)
  t.same(order, paths)
})

t.test('a client that leaves while it waits leaves the queue', async (t) => {
  const rig = await openRig(t)
  routeWith(rig, { hold_ms: 5000 })
  const client = dial(t, rig.port).send(get())
  const site = rig.routes.find('a.test', '/')?.site
  while (site?.waitingCount === 0) await sleep(5)
  client.reset()
  while (site?.waitingCount === 1) await sleep(5)
  t.equal(site?.inFlight, 0)
})
