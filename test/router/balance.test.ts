import http from 'node:http'
import net from 'node:net'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { eachTransport as t } from './each-transport.ts'
import {
  answering,
  ask,
  bodyOf,
  dial,
  get,
  httpBackend,
  openRig,
  rawBackend,
  statusOf,
  tableOf,
} from './rig.ts'

const request = 'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n'
const post = 'POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi'
const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

t.test('the instance with the fewest requests under way is asked, equals in turn', async (t) => {
  const rig = await openRig(t)
  const slow = await httpBackend(t, () => undefined)
  const quick = await httpBackend(t)
  rig.route(slow.port, quick.port)
  const stuck = [dial(t, rig.port).send(request), dial(t, rig.port).send(request)]
  while (slow.seen.length === 0) await sleep(5)
  const before = quick.seen.length
  for (let i = 0; i < 6; i += 1) t.equal(statusOf(await ask(t, rig.port, get())), 200)
  t.equal(slow.seen.length, 1)
  t.equal(quick.seen.length, before + 6)
  t.equal(stuck.length, 2)
})

t.test(
  'an instance that cannot be connected to is passed over, whatever the method, and asked last',
  async (t) => {
    const rig = await openRig(t)
    const app = await httpBackend(t)
    rig.route(1, app.port, 2)
    for (let i = 0; i < 10; i += 1) t.equal(statusOf(await ask(t, rig.port, post)), 200)
  },
)

t.test(
  'when no instance can be connected to it is a 503, and well again as soon as one can',
  async (t) => {
    const rig = await openRig(t)
    rig.route(1, 2)
    t.equal(statusOf(await ask(t, rig.port, post)), 503)
    const app = await httpBackend(t)
    rig.route(1, app.port)
    t.equal(statusOf(await ask(t, rig.port, post)), 200)
  },
)

t.test(
  'a harmless request is given once to another instance when the first one falls over',
  async (t) => {
    const rig = await openRig(t)
    let fallen = 0
    const falls = await rawBackend(t, (socket) => {
      socket.on('data', () => {
        fallen += 1
        socket.destroy()
      })
    })
    const app = await answering(t, ok)
    rig.route(falls, app)
    for (let i = 0; i < 4; i += 1) t.equal(statusOf(await ask(t, rig.port, get())), 200)
    t.ok(fallen > 0)
  },
)

t.test('a request that makes instances fall over is not handed through all of them', async (t) => {
  const rig = await openRig(t)
  let fallen = 0
  const fall = (): Promise<number> =>
    rawBackend(t, (socket) => {
      socket.on('data', () => {
        fallen += 1
        socket.destroy()
      })
    })
  rig.route(await fall(), await fall(), await fall(), await fall())
  t.equal(statusOf(await ask(t, rig.port, get())), 502)
  t.equal(fallen, 2)
})

t.test('a POST that an instance may have acted on is not sent again', async (t) => {
  const rig = await openRig(t)
  let fallen = 0
  const fall = (): Promise<number> =>
    rawBackend(t, (socket) => {
      socket.on('data', () => {
        fallen += 1
        socket.destroy()
      })
    })
  rig.route(await fall(), await fall())
  t.equal(statusOf(await ask(t, rig.port, post)), 502)
  t.equal(fallen, 1)
})

t.test('a connection that went stale is replaced without the client noticing', async (t) => {
  const rig = await openRig(t)
  let connections = 0
  const port = await rawBackend(t, (socket) => {
    connections += 1
    socket.once('data', () => {
      socket.write(ok)
      // The second request on a connection meets one that is just being closed.
      socket.once('data', () => socket.destroy())
    })
  })
  rig.route(port)
  for (let i = 0; i < 5; i += 1) t.match(await ask(t, rig.port, get()), /ok$/)
  t.ok(connections >= 3)
})

t.test(
  'a connection that the app closes while idle is not used again, even for a POST',
  async (t) => {
    const rig = await openRig(t)
    const port = await rawBackend(t, (socket) => {
      socket.once('data', () => {
        socket.write(ok)
        setTimeout(() => socket.end(), 5)
      })
    })
    rig.route(port)
    for (let i = 0; i < 5; i += 1) {
      t.match(await ask(t, rig.port, post), /ok$/)
      await sleep(15)
    }
  },
)

t.test('an instance of another address under the same name is another instance', async (t) => {
  const rig = await openRig(t)
  const one = await httpBackend(t, (_, response) => response.end('one'))
  const two = await httpBackend(t, (_, response) => response.end('two'))
  for (const [number, port, body] of [
    [1, one.port, 'one'],
    [2, two.port, 'two'],
  ] as const) {
    const instances = [{ id: 'same', release: number, host: '127.0.0.1', port }]
    rig.routes.replace(tableOf(number, instances))
    t.equal(bodyOf(await ask(t, rig.port, get())).includes(body), true)
  }
})

t.test(
  'an instance that is back gets its share again, without a request having to try',
  async (t) => {
    const rig = await openRig(t, { ejectMs: 100 })
    const app = await httpBackend(t)
    const away = await freePort()
    rig.route(app.port, away)
    for (let i = 0; i < 4; i += 1) t.equal(statusOf(await ask(t, rig.port, get())), 200)
    const [, instance] = rig.routes.site('a/production')?.instances ?? []
    t.equal(instance?.isEjected, true)
    await sleep(700)
    t.equal(instance?.isEjected, true, 'it was probed, and is still away')
    let requests = 0
    const back = http.createServer((_, response) => response.end(`${(requests += 1)}`))
    await new Promise<void>((resolve) => back.listen(away, '127.0.0.1', resolve))
    t.teardown(() => back.close())
    while (instance?.isEjected === true) await sleep(20)
    t.equal(requests, 0, 'probes carry no request')
    for (let i = 0; i < 4; i += 1) t.equal(statusOf(await ask(t, rig.port, get())), 200)
    t.equal(requests, 2)
  },
)

/** A port where nobody listens. */
async function freePort(): Promise<number> {
  const server = net.createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
