import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import https from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { call } from '#contract/call.ts'
import { awaitIdle, getTable, putTable } from '#contract/route.ts'
import { inheritedSockets } from '#router/sockets.ts'
import { Load, openPlace, tunnelBackend } from './process-rig.ts'
import { dial, get, httpBackend, instanceAt, tableOf } from './rig.ts'

const upgrade = (host: string): string =>
  `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n`

t.test('sockets are taken as systemd hands them over', async (t) => {
  const named = { LISTEN_FDS: '2', LISTEN_FDNAMES: 'admin:http' }
  t.same(
    [...inheritedSockets(named)],
    [
      ['admin', 3],
      ['http', 4],
    ],
  )
  t.same([...inheritedSockets({ LISTEN_FDS: '1' })], [['http', 3]])
  t.same([...inheritedSockets({ ...named, LISTEN_PID: '17' }, 17)].length, 2)
  t.same([...inheritedSockets({ ...named, LISTEN_PID: '17' }, 18)], [])
  t.same([...inheritedSockets({})], [])
  t.throws(() => inheritedSockets({ LISTEN_FDS: '2', LISTEN_FDNAMES: 'http:http' }))
})

t.test('three upgrades under load: no request fails, and a tunnel goes on', async (t) => {
  const place = openPlace(t)
  const app = await httpBackend(t, (request, response) => {
    request.resume().once('end', () => setTimeout(() => response.end('hi'), 5))
  })
  const echo = await tunnelBackend(t)
  let router = place.start()
  await router.started()
  const { sites, rules } = tableOf(1, [instanceAt(app.port)])
  const second = { app: 'b', environment: 'production', instances: [instanceAt(echo)] }
  const body = {
    number: 1,
    sites: [...sites, second],
    rules: [...rules, { host: 'b.test', site: 'b/production' }],
  }
  await call(place.peer, putTable, { body })

  const tunnel = dial(t, place.port).send(upgrade('b.test'))
  await tunnel.until('101')
  const load = new Load(place.port)
  for (let round = 1; round <= 3; round += 1) {
    await sleep(300)
    const old = router
    router = await place.replace()
    t.equal((await call(place.peer, getTable)).number, 1)
    tunnel.send(`round ${round}`)
    await tunnel.until(`round ${round}`)
    if (round > 1) t.equal(await old.exit, 0, 'one without tunnels ends with its last request')
  }
  await sleep(300)
  await load.stop()
  t.same(load.failed, [])
  t.ok(load.answered > 300, `${load.answered} requests`)
  tunnel.close()
})

t.test('over TLS too, where a handshake may be under way', async (t) => {
  const place = openPlace(t)
  const app = await httpBackend(t, (request, response) => {
    request.resume().once('end', () => response.end('hi'))
  })
  const tls = { SLIPWAY_TLS_DEFAULT: 'self-signed' }
  const old = place.start(tls)
  await old.started()
  await call(place.peer, putTable, { body: tableOf(1, [instanceAt(app.port)]) })
  const load = new Load(place.securePort, https)
  await sleep(300)
  await place.replace(tls)
  await sleep(300)
  await load.stop()
  t.same(load.failed, [])
  t.ok(load.answered > 50, `${load.answered} requests`)
  t.equal(await old.exit, 0)
})

t.test('requests that the old router still carries count for the new one', async (t) => {
  const place = openPlace(t)
  const app = await httpBackend(t, (_, response) => setTimeout(() => response.end('late'), 1500))
  const old = place.start()
  await old.started()
  await call(place.peer, putTable, { body: tableOf(1, [instanceAt(app.port)]) })
  const client = dial(t, place.port).send(get())
  while (app.seen.length === 0) await sleep(5)
  const next = await place.replace()
  await call(place.peer, putTable, { body: tableOf(2, []) })
  const instances = [instanceAt(app.port).id]
  const idle = (wait_ms: number): Promise<unknown> =>
    call(place.peer, awaitIdle, { body: { instances, wait_ms } })
  t.same(await idle(50), { busy: instances })
  t.same(await idle(10_000), { busy: [] })
  t.match(await client.all(), /late/)
  t.equal(await old.exit, 0)
  t.same(readdirSync(join(place.state, 'router/draining')), [])
  next.child.kill('SIGTERM')
  t.equal(await next.exit, 0)
})

t.test(
  'a table put while routers change is in force in the new one, and on its disk',
  async (t) => {
    const place = openPlace(t)
    const app = await httpBackend(t)
    let router = place.start()
    await router.started()
    let number = 0
    let isOver = false
    const putting = (async () => {
      while (!isOver) {
        number += 1
        const body = tableOf(number, [instanceAt(app.port)])
        t.same(await call(place.peer, putTable, { body }), { number })
      }
    })()
    for (let round = 0; round < 2; round += 1) {
      await sleep(100)
      router = await place.replace()
    }
    await sleep(100)
    isOver = true
    await putting
    t.ok(number > 10, `${number} tables`)
    t.equal((await call(place.peer, getTable)).number, number)
    router.child.kill('SIGKILL')
    await router.exit
    await place.start().started()
    t.equal((await call(place.peer, getTable)).number, number)
  },
)

t.test('what connects while no router runs is answered by the next', async (t) => {
  const place = openPlace(t)
  const app = await httpBackend(t)
  const first = place.start()
  await first.started()
  await call(place.peer, putTable, { body: tableOf(1, [instanceAt(app.port)]) })
  first.child.kill('SIGKILL')
  await first.exit
  const client = dial(t, place.port).send(get())
  await sleep(100)
  place.start()
  t.match(await client.all(), /^HTTP\/1\.1 200/)
})

t.test('one that cannot start leaves the old one in service', async (t) => {
  const place = openPlace(t)
  const app = await httpBackend(t)
  await place.start().started()
  await call(place.peer, putTable, { body: tableOf(1, [instanceAt(app.port)]) })
  const bad = place.start({
    SLIPWAY_ROUTER_REPLACES: place.peer.url,
    ROUTER_WORKERS: 'many',
  })
  t.equal(await bad.exit, 1)
  t.match(bad.words(), /ROUTER_WORKERS/)
  t.match(await dial(t, place.port).send(get()).all(), /^HTTP\/1\.1 200/)
  t.notOk(existsSync(join(place.state, 'router/draining')))
})

t.test('a tunnel goes on in its old router, until the time to drain is over', async (t) => {
  const place = openPlace(t)
  const echo = await tunnelBackend(t)
  const old = place.start({ SLIPWAY_ROUTER_DRAIN_S: '1' })
  await old.started()
  await call(place.peer, putTable, { body: tableOf(1, [instanceAt(echo)]) })
  const tunnel = dial(t, place.port).send(upgrade('a.test'))
  await tunnel.until('101')
  await place.replace()
  tunnel.send('still here')
  await tunnel.until('still here')
  t.equal(await old.exit, 0, 'its deadline ends the tunnel')
})
