import { once } from 'node:events'
import { createHash } from 'node:crypto'
import type { Test } from 'tap'
import { eachKind as t } from './each-transport.ts'
import {
  answerOf,
  connect,
  expelled,
  FrameClient,
  frameType,
  get,
  goneAway,
  openHttp2Rig,
  request,
} from './http2-rig.ts'
import type { Http2Rig } from './http2-rig.ts'
import { answering, httpBackend } from './rig.ts'

t.test('who resets stream after stream is sent away, nobody else is', async (t) => {
  const rig = await openHttp2Rig(t)
  rig.route((await httpBackend(t)).port)
  const bystander = connect(t, rig.port)
  const attacker = new FrameClient(t, rig.port)
  for (let stream = 1; stream < 6000; stream += 2) {
    attacker.headers(stream, get).send(frameType.rst, 0, stream, Buffer.from([0, 0, 0, 8]))
  }
  await expelled(t, attacker)
  t.equal((await request(bystander)).status, 200)
})

t.test('a stream that is reset in the same breath never reaches its app', async (t) => {
  const rig = await openHttp2Rig(t)
  const { port, seen } = await httpBackend(t)
  rig.route(port)
  const client = new FrameClient(t, rig.port)
  await client.until(({ type, flags }) => type === frameType.settings && flags === 1)
  const cancel = Buffer.from([0, 0, 0, 8])
  client.atOnce(() => client.headers(1, get).send(frameType.rst, 0, 1, cancel).headers(3, get))
  await client.until(({ type, stream }) => type === frameType.headers && stream === 3)
  t.equal(seen.length, 1)
})

t.test('so is who lets us answer pings and settings without end', async (t) => {
  const rig = await openHttp2Rig(t)
  const pinging = new FrameClient(t, rig.port)
  for (let i = 0; i < 500; i += 1) pinging.send(frameType.ping, 0, 0, Buffer.alloc(8))
  await expelled(t, pinging)
  const setting = new FrameClient(t, rig.port)
  for (let i = 0; i < 500; i += 1) setting.send(frameType.settings, 0, 0)
  await expelled(t, setting)
})

t.test('a head that never ends is cut off', async (t) => {
  const rig = await openHttp2Rig(t)
  const client = new FrameClient(t, rig.port).send(frameType.headers, 0, 1, Buffer.from([0x82]))
  const continuation = 9
  const piece = Buffer.concat([Buffer.from([0, 1, 120, 100]), Buffer.alloc(100, 'a')])
  for (let i = 0; i < 2000; i += 1) client.send(continuation, 0, 1, piece)
  t.ok(await goneAway(client).catch(() => client.isClosed))
})

t.test('more streams than were allowed are refused', async (t) => {
  const rig = await openHttp2Rig(t)
  const { port, seen } = await httpBackend(t, () => undefined)
  rig.route(port)
  const client = new FrameClient(t, rig.port)
  await client.until(({ type, flags }) => type === frameType.settings && flags === 1)
  for (let stream = 1; stream <= 2 * 200; stream += 2) client.headers(stream, get)
  await client.until(({ type, stream }) => type === frameType.rst && stream === 2 * 200 - 1)
  t.ok(seen.length <= 128)
})

t.test('a session without streams is closed after a while', async (t) => {
  const rig = await openHttp2Rig(t, { keepAliveMs: 100, headMs: 100, lingerMs: 50 })
  rig.route((await httpBackend(t)).port)
  const silent = new FrameClient(t, rig.port)
  t.equal(await goneAway(silent), 0)
  const session = connect(t, rig.port)
  t.equal((await request(session)).status, 200)
  await once(session, 'close')
  await emptied(rig)
})

async function emptied(rig: Http2Rig): Promise<void> {
  while (rig.http2.size > 0) await new Promise((resolve) => setTimeout(resolve, 5))
}

t.test('closing lets requests under way end, and takes no more', async (t) => {
  const rig = await openHttp2Rig(t)
  const asked = Promise.withResolvers<() => void>()
  const { port } = await httpBackend(t, (_, answer) => asked.resolve(() => answer.end('late')))
  rig.route(port)
  const session = connect(t, rig.port)
  const answer = request(session)
  const finish = await asked.promise
  const goaway = once(session, 'goaway')
  const closed = rig.http2.close(5000)
  await goaway
  finish()
  t.match(await answer, { status: 200, body: 'late' })
  await closed
  t.equal(rig.http2.size, 0)
})

t.test('what does not end is cut at the deadline', async (t) => {
  const rig = await openHttp2Rig(t, { lingerMs: 50 })
  const asked = Promise.withResolvers<void>()
  const { port } = await httpBackend(t, () => asked.resolve())
  rig.route(port)
  const answer = request(connect(t, rig.port))
  await asked.promise
  await rig.http2.close(50)
  t.equal((await answer).status, 0)
})

const webSocket = { ':method': 'CONNECT', ':protocol': 'websocket', ':authority': 'a.test' }

/** An app that accepts every WebSocket and sends back what it gets. */
async function tunnelBackend(t: Test): Promise<number> {
  const { server, port } = await httpBackend(t)
  server.on('upgrade', (request, socket) => {
    const key = request.headers['sec-websocket-key'] ?? ''
    const proof = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    const accept = proof.digest('base64')
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        `Sec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: chat\r\n\r\n`,
    )
    socket.on('error', () => undefined).pipe(socket)
  })
  return port
}

t.test('a WebSocket opens over a stream, both ways', async (t) => {
  const rig = await openHttp2Rig(t)
  rig.route(await tunnelBackend(t))
  const session = connect(t, rig.port)
  await once(session, 'remoteSettings')
  t.equal(session.remoteSettings.enableConnectProtocol, true)
  const stream = session.request({ ...webSocket, ':path': '/chat', 'sec-websocket-version': '13' })
  const answer = answerOf(stream)
  stream.write('ping')
  await once(stream, 'data')
  stream.write(' and pong')
  await once(stream, 'data')
  stream.end()
  t.match(await answer, {
    status: 200,
    body: 'ping and pong',
    code: 0,
    headers: { 'sec-websocket-protocol': 'chat' },
  })
})

t.test('a WebSocket the app refuses is refused with its answer', async (t) => {
  const rig = await openHttp2Rig(t)
  rig.route(await answering(t, 'HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno'))
  const session = connect(t, rig.port)
  await once(session, 'remoteSettings')
  const stream = session.request({ ...webSocket, ':path': '/chat' }, { endStream: false })
  t.match(await answerOf(stream), { status: 403, body: 'no' })
})

t.test('an app that answers a WebSocket with a page does not open one', async (t) => {
  const rig = await openHttp2Rig(t)
  rig.route(await answering(t, 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi'))
  const session = connect(t, rig.port)
  await once(session, 'remoteSettings')
  const stream = session.request({ ...webSocket, ':path': '/chat' }, { endStream: false })
  t.match(await answerOf(stream), { status: 0, code: 10 })
})

t.test('other protocols are not served', async (t) => {
  const rig = await openHttp2Rig(t)
  const session = connect(t, rig.port)
  await once(session, 'remoteSettings')
  const stream = session.request({ ...webSocket, ':protocol': 'connect-udp', ':path': '/' })
  // Node 26 does not take such a request in the first place, and resets it.
  t.ok([501, 0].includes((await answerOf(stream)).status))
})
