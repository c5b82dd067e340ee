import { once } from 'node:events'
import https from 'node:https'
import tls from 'node:tls'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ClientHttp2Session } from 'node:http2'
import type { Test } from 'tap'
import type { Entry, Observer } from '#router/proxy/entry.ts'
import type { Limits } from '#router/proxy/limits.ts'
import { openWatch } from '#router/watch/watch.ts'
import { render } from '#router/watch/snapshot.ts'
import { eachKind as t } from './each-transport.ts'
import { answerOf, connect, FrameClient, frameType, get, goneAway, request } from './http2-rig.ts'
import { testCertificates } from './lines.ts'
import { silent } from './observed.ts'
import { httpBackend, openRig } from './rig.ts'
import type { Rig } from './rig.ts'

interface Secure {
  readonly limits?: Partial<Limits>
  readonly observer?: Observer
}

/** A proxy that serves TLS as well, as the router opens it. */
async function openSecureRig(t: Test, { limits = {}, ...more }: Secure = {}): Promise<Rig> {
  const certificates = await testCertificates()
  const address = { host: '127.0.0.1', port: 0 }
  return await openRig(t, limits, { secure: { address, tls: { certificates } }, ...more })
}

function withoutHttp2(port: number): Promise<string> {
  const agent = new https.Agent({ rejectUnauthorized: false, servername: 'a.test' })
  return new Promise((resolve, reject) => {
    const headers = { host: 'a.test' }
    https
      .get({ port, host: '127.0.0.1', headers, agent }, (answer) => {
        let body = ''
        answer.on('data', (bytes: Buffer) => (body += bytes.toString('latin1')))
        answer.on('end', () => resolve(body))
      })
      .on('error', reject)
  })
}

function isConnected(session: ClientHttp2Session): Promise<boolean> {
  return new Promise((resolve) => {
    session.once('remoteSettings', () => resolve(true)).once('close', () => resolve(false))
  })
}

t.test('where TLS is served, a client may choose HTTP/2 or do without', async (t) => {
  const rig = await openSecureRig(t)
  rig.route((await httpBackend(t)).port)
  const { status, body } = await request(connect(t, rig.securePort))
  t.equal(status, 200)
  t.match(JSON.parse(body), { headers: { via: '2 slipway', 'x-forwarded-proto': 'https' } })
  t.match(JSON.parse(await withoutHttp2(rig.securePort)), { headers: { via: '1.1 slipway' } })
})

/** What a client that offers these protocols gets; null: its handshake fails. */
function negotiated(port: number, ALPNProtocols: string[]): Promise<string | false | null> {
  return new Promise((resolve) => {
    const options = { port, host: '127.0.0.1', servername: 'a.test', rejectUnauthorized: false }
    const socket = tls.connect({ ...options, ALPNProtocols })
    socket
      .once('error', () => resolve(null))
      .once('secureConnect', () => {
        resolve(socket.alpnProtocol)
        socket.destroy()
      })
  })
}

t.test('who was sent away and comes back has to do without HTTP/2', async (t) => {
  const rig = await openSecureRig(t)
  rig.route((await httpBackend(t)).port)
  t.equal(await negotiated(rig.securePort, ['h2', 'http/1.1']), 'h2')
  const attacker = new FrameClient(t, rig.securePort)
  for (let stream = 1; stream < 6000; stream += 2) {
    attacker.headers(stream, get).send(frameType.rst, 0, stream, Buffer.from([0, 0, 0, 8]))
  }
  // nghttp2 may be the first to have enough.
  t.not(await goneAway(attacker).catch(() => null), 0)
  t.equal(await negotiated(rig.securePort, ['h2']), null)
  t.equal(await negotiated(rig.securePort, ['h2', 'http/1.1']), 'http/1.1')
  t.match(JSON.parse(await withoutHttp2(rig.securePort)), { headers: { via: '1.1 slipway' } })
})

t.test('a session is one connection, however many requests it carries', async (t) => {
  let open = 0
  const ended: Entry['protocol'][] = []
  const observer: Observer = {
    connected: () => (open += 1),
    gone: () => (open -= 1),
    ended: ({ protocol }) => ended.push(protocol),
  }
  const rig = await openSecureRig(t, { limits: { connectionsPerAddress: 1 }, observer })
  rig.route((await httpBackend(t)).port)
  const first = connect(t, rig.securePort)
  const answers = await Promise.all(Array.from({ length: 20 }, () => request(first)))
  t.ok(answers.every(({ status }) => status === 200))
  t.equal(open, 1)
  t.notOk(await isConnected(connect(t, rig.securePort)))
  t.equal((await request(first)).status, 200)
  first.close()
  while (open > 0) await sleep(2)
  t.equal((await request(connect(t, rig.securePort))).status, 200)
  t.same([...new Set(ended)], ['h2'])
})

t.test('requests over HTTP/2 are counted as such', async (t) => {
  const watch = openWatch({ log: silent })
  t.teardown(() => watch.close())
  const rig = await openSecureRig(t, { observer: watch })
  rig.route((await httpBackend(t)).port)
  await request(connect(t, rig.securePort))
  t.match(render(watch.snapshot()), /status="2xx",protocol="h2"\} 1\n/)
})

t.test('a router that stops takes no new request and ends those it has', async (t) => {
  const rig = await openSecureRig(t)
  let answer = (): void => undefined
  const { port } = await httpBackend(t, (_, response) => {
    response.write('half, ')
    answer = () => void response.end('whole')
  })
  rig.route(port)
  const busy = connect(t, rig.securePort)
  const idle = connect(t, rig.securePort)
  await isConnected(idle)
  const stream = busy.request({ ':authority': 'a.test' })
  const answered = answerOf(stream)
  await once(stream, 'response')
  const isIdleGone = once(idle, 'close')
  const closed = rig.close(5000)
  await isIdleGone
  t.notOk(await isConnected(connect(t, rig.securePort)))
  answer()
  t.match(await answered, { status: 200, body: 'half, whole', code: 0 })
  const began = performance.now()
  await closed
  t.ok(performance.now() - began < 2500)
})

t.test('what lasts longer than a router that stops is cut', async (t) => {
  const rig = await openSecureRig(t, { limits: { lingerMs: 100 } })
  rig.route((await httpBackend(t, (_, response) => void response.write('half'))).port)
  const stream = connect(t, rig.securePort).request({ ':authority': 'a.test' })
  const answered = answerOf(stream)
  await once(stream, 'response')
  await rig.close(100)
  t.not((await answered).code, 0)
})
