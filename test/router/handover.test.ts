import { existsSync, readdirSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from 'node:tls'
import t from 'tap'
import { call } from '#contract/call.ts'
import { putChallenges } from '#contract/certificate.ts'
import { awaitIdle, getTable, putTable } from '#contract/route.ts'
import { inheritedSockets } from '#router/sockets.ts'
import { madeFor } from './certificate-rig.ts'
import { eachProcess } from './each-transport.ts'
import { Load, openPlace, tunnelBackend } from './process-rig.ts'
import { bodyOf, dial, get, httpBackend, instanceAt, tableOf } from './rig.ts'

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

eachProcess.test('three upgrades under load: no request fails, and a tunnel goes on', async (t) => {
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

eachProcess.test('requests that the old router still carries count for the new one', async (t) => {
  const place = openPlace(t)
  const { promise: held, resolve: letGo } = Promise.withResolvers<void>()
  const app = await httpBackend(t, (_, response) => void held.then(() => response.end('late')))
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
  const untilIdle = idle(10_000)
  letGo()
  t.same(await untilIdle, { busy: [] })
  t.match(await client.all(), /late/)
  t.equal(await old.exit, 0)
  t.same(readdirSync(join(place.state, 'router/draining')), [])
  next.child.kill('SIGTERM')
  t.equal(await next.exit, 0)
})

t.test('a router from before is taken over from, though it tells less', async (t) => {
  const place = openPlace(t)
  const old = createServer((_, response) => void response.end('{"pid":1,"number":0}')).listen(0)
  t.teardown(() => old.close())
  const { port } = old.address() as AddressInfo
  const next = place.start({ SLIPWAY_ROUTER_REPLACES: `http://127.0.0.1:${port}` })
  await t.resolves(next.started())
})

for (const env of [{}, { ROUTER_WORKERS: '2' }]) {
  const who = 'ROUTER_WORKERS' in env ? 'a router with workers' : 'a router'
  t.test(`challenges under way when ${who} is upgraded are answered by the next`, async (t) => {
    const place = openPlace(t)
    await place.start(env).started()
    const { chain: certificate, key } = await madeFor('a.test')
    const http = [{ host: 'a.test', token: 'token', answer: 'token.thumbprint' }]
    const body = { http, tls: [{ host: 'a.test', certificate, key }] }
    await call(place.peer, putChallenges, { body })
    const answers = async (): Promise<unknown> => [
      bodyOf(await dial(t, place.port).send(get('/.well-known/acme-challenge/token')).all()),
      await shown(place.securePort, 'a.test'),
    ]
    const wanted = ['token.thumbprint', 'DNS:a.test']
    t.same(await answers(), wanted)
    const next = await place.replace(env)
    t.same(await answers(), wanted)
    await call(place.peer, putChallenges, { body: { http: [], tls: [] } })
    await place.replace(env)
    t.equal(await next.exit, 0)
    t.same(await answers(), [bodyOf(await dial(t, place.port).send(get('/')).all()), null])
  })
}

/** The names of the certificate for a challenge (RFC 8737); null: the handshake is refused. */
function shown(port: number, servername: string): Promise<string | undefined | null> {
  const { promise, resolve } = Promise.withResolvers<string | undefined | null>()
  const where = { port, host: '127.0.0.1', servername, rejectUnauthorized: false }
  const socket = connect({ ...where, ALPNProtocols: ['acme-tls/1'] }, () => {
    resolve(socket.getPeerCertificate().subjectaltname)
    socket.destroy()
  })
  socket.once('error', () => resolve(null))
  return promise
}

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

eachProcess.test('what connects while no router runs is answered by the next', async (t) => {
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

eachProcess.test('one that cannot start leaves the old one in service', async (t) => {
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

eachProcess.test(
  'a tunnel goes on in its old router, until the time to drain is over',
  async (t) => {
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
  },
)
