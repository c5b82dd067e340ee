import { setTimeout as sleep } from 'node:timers/promises'
import type { Socket } from 'node:net'
import type { Test } from 'tap'
import { eachTransport as t } from './each-transport.ts'
import {
  answering,
  ask,
  dial,
  echoed,
  httpBackend,
  instanceAt,
  openRig,
  rawBackend,
  statusOf,
} from './rig.ts'

const upgrade =
  'GET /chat HTTP/1.1\r\nHost: a.test\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n'
const switching =
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: y\r\n\r\n'
const signal = new AbortController().signal

/** A backend that upgrades and sends everything back, in upper case. */
function echoingTunnel(t: Test, sockets: Socket[] = []): Promise<number> {
  return rawBackend(t, (socket) => {
    sockets.push(socket)
    socket.once('data', (head: Buffer) => {
      const rest = head.toString('latin1').split('\r\n\r\n')[1] ?? ''
      socket.write(switching + rest.toUpperCase())
      socket.on('data', (bytes: Buffer) => socket.write(bytes.toString('latin1').toUpperCase()))
      socket.on('end', () => socket.end('bye'))
    })
  })
}

t.test('an upgraded connection carries bytes both ways, from the first one on', async (t) => {
  const rig = await openRig(t)
  rig.route(await echoingTunnel(t))
  const client = dial(t, rig.port).send(`${upgrade}early `)
  t.match(
    await client.until('EARLY'),
    /^HTTP\/1\.1 101 [^]*Upgrade: websocket\r\n[^]*Connection: Upgrade\r\n\r\n/,
  )
  client.send('hello')
  await client.until('HELLO')
  client.socket.end()
  t.match(await client.all(), /EARLY HELLObye$/)
  t.equal(client.ended, 'fin')
})

t.test('the app sees the upgrade it was asked for', async (t) => {
  const rig = await openRig(t)
  const app = await httpBackend(t)
  rig.route(app.port)
  const client = dial(t, rig.port).send(upgrade)
  const { headers } = echoed(await client.until('"body"'))
  t.match(headers, { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-key': 'x' })
})

t.test('a change to HTTP/2 on the way is not passed on, since it would lead past us', async (t) => {
  const rig = await openRig(t)
  const app = await httpBackend(t)
  rig.route(app.port)
  const answer = await dial(t, rig.port)
    .send(
      'GET / HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAM\r\n\r\n',
    )
    .until('"body"')
  const { headers } = echoed(answer)
  t.notOk('upgrade' in headers || 'http2-settings' in headers)
})

t.test('a large amount passes a tunnel whole', async (t) => {
  const rig = await openRig(t)
  rig.route(await echoingTunnel(t))
  const client = dial(t, rig.port).send(upgrade)
  await client.until('\r\n\r\n')
  client.text = ''
  client.socket.end('a'.repeat(3_000_000))
  t.equal(await client.all(), `${'A'.repeat(3_000_000)}bye`)
})

t.test('a tunnel does not count as a request, and close ends it', async (t) => {
  const rig = await openRig(t, { lingerMs: 50 })
  const port = await echoingTunnel(t)
  rig.route(port)
  const client = dial(t, rig.port).send(upgrade)
  await client.until('\r\n\r\n')
  const { id } = instanceAt(port)
  rig.route()
  t.same(await rig.routes.awaitIdle([id], { waitMs: 1000 }, signal), [])
  await client.send('still here').until('STILL HERE')
  rig.routes.closeTunnels([id])
  await client.all()
  t.not(client.ended, 'open')
})

t.test('when the app leaves a tunnel its client hears so', async (t) => {
  const rig = await openRig(t)
  const sockets: Socket[] = []
  rig.route(await echoingTunnel(t, sockets))
  for (const leave of [(s: Socket) => s.end('last'), (s: Socket) => s.resetAndDestroy()]) {
    sockets.length = 0
    const client = dial(t, rig.port).send(upgrade)
    await client.until('\r\n\r\n')
    sockets.forEach(leave)
    await client.all()
    t.not(client.ended, 'open')
  }
})

t.test('a tunnel in which nobody speaks is closed after a while', async (t) => {
  const rig = await openRig(t, { rollingMs: 100, lingerMs: 20 })
  rig.route(await echoingTunnel(t))
  const client = dial(t, rig.port).send(upgrade)
  for (let i = 0; i < 6; i += 1) {
    await sleep(30)
    client.send('x')
  }
  await client.until('XXXXXX')
  await client.all()
  t.pass()
})

t.test('an upgrade that is declined is an answer like any other', async (t) => {
  const rig = await openRig(t)
  rig.route(await answering(t, 'HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno'))
  const client = dial(t, rig.port).send(upgrade)
  await client.until('no')
  client.text = ''
  t.equal(statusOf(await client.send(upgrade).until('no')), 403)
  t.equal(statusOf(await ask(t, rig.port, 'GET / HTTP/1.0\r\nHost: a.test\r\n\r\n')), 403)
})
