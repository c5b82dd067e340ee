import { setTimeout as sleep } from 'node:timers/promises'
import type { RouteSettings } from '#contract/route.ts'
import { eachTransport as t } from './each-transport.ts'
import type { Rig } from './rig.ts'
import { ask, dial, get, httpBackend, instanceAt, openRig, statusOf } from './rig.ts'

const host = 'Host: a.test\r\n'

function routeWith(rig: Rig, settings: RouteSettings, port: number): void {
  rig.routes.replace({
    number: rig.routes.number + 1,
    sites: [{ app: 'a', environment: 'production', instances: [instanceAt(port)], settings }],
    rules: [{ host: 'a.test', site: 'a/production' }],
  })
}

t.test('a body above the limit of its app is refused before the app sees it', async (t) => {
  const rig = await openRig(t, { lingerMs: 20 })
  const app = await httpBackend(t)
  routeWith(rig, { body_limit: 10 }, app.port)
  const head = `POST / HTTP/1.1\r\n${host}`
  t.equal(statusOf(await ask(t, rig.port, `${head}Content-Length: 11\r\n\r\n`)), 413)
  t.equal(app.seen.length, 0)
  const fits = `${head}Connection: close\r\nContent-Length: 10\r\n\r\n0123456789`
  t.equal(statusOf(await ask(t, rig.port, fits)), 200)
})

t.test('so is one whose size shows only as it comes', async (t) => {
  const rig = await openRig(t, { lingerMs: 20 })
  const app = await httpBackend(t)
  routeWith(rig, { body_limit: 100 }, app.port)
  const client = dial(t, rig.port)
  client.send(`POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n`)
  await sleep(50)
  client.send(`80\r\n${'b'.repeat(128)}\r\n`)
  t.equal(statusOf(await client.all()), 413)
})

t.test('an app has its own time for the first byte', async (t) => {
  const rig = await openRig(t, { firstByteMs: 5000, headMs: 100, lingerMs: 20 })
  const app = await httpBackend(t, () => undefined)
  routeWith(rig, { first_byte_ms: 100 }, app.port)
  t.equal(statusOf(await ask(t, rig.port, get())), 504)
})

t.test('one address cannot have all connections', async (t) => {
  const rig = await openRig(t, { connectionsPerAddress: 2 })
  const app = await httpBackend(t)
  rig.route(app.port)
  const [one, two] = [dial(t, rig.port), dial(t, rig.port)]
  for (const client of [one, two]) await client.send(`GET / HTTP/1.1\r\n${host}\r\n`).until('}')
  const third = dial(t, rig.port)
  await third.all().catch(() => undefined)
  t.not(third.ended, 'open')
  one.close()
  await sleep(50)
  t.equal(statusOf(await ask(t, rig.port, get())), 200)
})
