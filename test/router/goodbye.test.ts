import type { Socket } from 'node:net'
import type { Test } from 'tap'
import { FrameReader } from '#router/proxy/ws-frames.ts'
import { eachTransport as t } from './each-transport.ts'
import type { RawClient, Rig } from './rig.ts'
import { dial, instanceAt, openRig, rawBackend } from './rig.ts'

const upgrade =
  'GET /chat HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n'
const switching =
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n'
const goingAway = '\x88\x02\x03\xe9'
/** A text frame of an app: 5 bytes of payload. */
const hello = '\x81\x05hello'

/** A WebSocket through the proxy, and the app's end of it. */
async function openSocket(
  t: Test,
  rig: Rig,
  saysFirst = '',
): Promise<{ app: Socket; client: RawClient; id: string }> {
  const { promise, resolve } = Promise.withResolvers<Socket>()
  const port = await rawBackend(t, (socket) => {
    socket.once('data', () => {
      socket.write(switching + saysFirst, 'latin1')
      resolve(socket)
    })
  })
  rig.route(port)
  const client = dial(t, rig.port).send(upgrade)
  await client.until(`\r\n\r\n${saysFirst}`)
  client.text = ''
  return { app: await promise, client, id: instanceAt(port).id }
}

t.test('a WebSocket outlives the switch, and is told when we go away', async (t) => {
  const rig = await openRig(t)
  const { app, client, id } = await openSocket(t, rig)
  rig.route()
  app.write(hello, 'latin1')
  await client.until(hello)
  rig.routes.closeTunnels([id])
  t.equal(await client.all(), hello + goingAway)
  t.equal(client.ended, 'fin')
})

t.test('the word stands between two frames, not inside one', async (t) => {
  const rig = await openRig(t)
  const { app, client, id } = await openSocket(t, rig)
  app.write(hello.slice(0, 4), 'latin1')
  await client.until(hello.slice(0, 4))
  rig.routes.closeTunnels([id])
  app.write(hello.slice(4), 'latin1')
  t.equal(await client.all(), hello + goingAway)
})

t.test('a frame that begins together with the switch is not broken into either', async (t) => {
  const rig = await openRig(t)
  const { app, client, id } = await openSocket(t, rig, hello.slice(0, 4))
  rig.routes.closeTunnels([id])
  app.write(hello.slice(4), 'latin1')
  t.equal(await client.all(), hello.slice(4) + goingAway)
})

t.test('an app that never ends its frame does not keep the connection', async (t) => {
  const rig = await openRig(t, { lingerMs: 50 })
  const { app, client, id } = await openSocket(t, rig)
  app.write(hello.slice(0, 4), 'latin1')
  await client.until(hello.slice(0, 4))
  rig.routes.closeTunnels([id])
  t.equal(await client.all(), hello.slice(0, 4))
})

t.test('a proxy that closes lets WebSockets be until its grace has passed', async (t) => {
  const rig = await openRig(t)
  const { app, client } = await openSocket(t, rig)
  const closed = rig.close(300)
  app.write(hello, 'latin1')
  await client.until(hello)
  t.equal(await client.all(), hello + goingAway)
  await closed
})

t.test('frames of all sizes are followed, in pieces of any size', async (t) => {
  const frames = [
    Buffer.from(hello, 'latin1'),
    Buffer.concat([Buffer.from([0x82, 126, 1, 44]), Buffer.alloc(300)]),
    Buffer.concat([Buffer.from([0x82, 127, 0, 0, 0, 0, 0, 1, 0x11, 0x70]), Buffer.alloc(70_000)]),
    Buffer.from([0x89, 0]),
    Buffer.from([0x81, 0x82, 1, 2, 3, 4, 5, 6]),
  ]
  const all = Buffer.concat(frames)
  const borders = new Set<number>()
  frames.reduce((sum, { length }) => (borders.add(sum + length), sum + length), 0)
  for (const size of [1, 7, 100_000]) {
    const reader = new FrameReader()
    for (let at = 0; at < all.length; at += size) {
      const end = Math.min(at + size, all.length)
      reader.take(all, at, end)
      if (reader.isBetweenFrames !== borders.has(end)) t.fail(`at ${end} in pieces of ${size}`)
    }
  }
  t.pass()
})

t.test('who waits for tunnels too hears when the last one has ended', async (t) => {
  const rig = await openRig(t)
  const { client, id } = await openSocket(t, rig)
  rig.route()
  const { signal } = new AbortController()
  t.same(await rig.routes.awaitIdle([id], { waitMs: 20, tunnels: true }, signal), [id])
  t.same(await rig.routes.awaitIdle([id], { waitMs: 20 }, signal), [])
  const idle = rig.routes.awaitIdle([id], { waitMs: 5000, tunnels: true }, signal)
  client.reset()
  t.same(await idle, [])
})
