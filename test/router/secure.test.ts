import { once } from 'node:events'
import net from 'node:net'
import { Duplex } from 'node:stream'
import tls from 'node:tls'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ConnectionOptions, TLSSocket } from 'node:tls'
import type { Test } from 'tap'
import t from 'tap'
import { transports } from './each-transport.ts'
import { contextFor, listenOn, TestCertificates, testCertificates } from './lines.ts'
import type { Notes } from './lines.ts'

const challenge = await contextFor('challenge.of.a.test')
const other = await contextFor('b.test')

/** A TLS connection, or what became of it. */
function dial(t: Test, port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = tls.connect({
    port,
    host: '127.0.0.1',
    servername: 'a.test',
    rejectUnauthorized: false,
    ...options,
  })
  t.teardown(() => socket.destroy())
  return new Promise((resolve, reject) => {
    socket.once('secureConnect', () => resolve(socket)).on('error', reject)
  })
}

/** A way to a port on which bytes go out a few at a time. */
function dripping(t: Test, port: number): Duplex {
  const tcp = net.connect({ port, host: '127.0.0.1', noDelay: true })
  const drip = (bytes: Buffer, done: () => void): void => {
    tcp.write(bytes.subarray(0, 100))
    if (bytes.length <= 100) done()
    else setTimeout(() => drip(bytes.subarray(100), done), 1)
  }
  const way = new Duplex({
    read: () => undefined,
    write: (bytes: Buffer, _, done) => drip(bytes, done),
  })
  tcp.on('data', (bytes: Buffer) => way.push(bytes)).on('error', () => undefined)
  t.teardown(() => tcp.destroy())
  return way
}

/** A way through a socket, which shows what passes. */
function over(tcp: net.Socket): Duplex {
  const way = new Duplex({
    read: () => undefined,
    write: (bytes: Buffer, _, done) => void tcp.write(bytes, () => done()),
  })
  tcp.on('data', (bytes: Buffer) => way.push(bytes)).on('end', () => way.push(null))
  return way
}

const alert = 21

function recordTypes(bytes: Buffer): number[] {
  const types: number[] = []
  for (let at = 0; at + 5 <= bytes.length; at += 5 + bytes.readUInt16BE(at + 3))
    types.push(bytes.readUInt8(at))
  return types
}

function subject(socket: TLSSocket): string {
  return String(socket.getPeerCertificate().subject.CN)
}

for (const kind of transports) {
  t.test(`${kind}: a name gets its own certificate, an unknown one an alert`, async (t) => {
    const certificates = await testCertificates()
    certificates.contexts.set('b.test', other)
    const { port } = await listenOn(t, kind, { tls: { certificates } })
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const options = { minVersion: version, maxVersion: version }
      t.equal(subject(await dial(t, port, options)), 'a.test')
      t.equal(subject(await dial(t, port, { ...options, servername: 'B.test' })), 'b.test')
      await t.rejects(dial(t, port, { ...options, servername: 'c.test' }), {
        code: 'ERR_SSL_TLSV1_UNRECOGNIZED_NAME',
      })
      await t.rejects(dial(t, port, { ...options, servername: '' }), { code: /ALERT/ })
    }
    certificates.contexts.set('', other)
    t.equal(subject(await dial(t, port, { servername: '' })), 'b.test')
  })

  t.test(`${kind}: how a handshake ends is told: full, resumed, failed`, async (t) => {
    const certificates = await testCertificates()
    const ends: string[] = []
    const onHandshake = (end: string): void => void ends.push(end)
    const { port } = await listenOn(t, kind, { tls: { certificates, onHandshake } })
    const options = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const
    const first = await dial(t, port, options)
    const session = first.getSession()
    await dial(t, port, { ...options, ...(session === undefined ? {} : { session }) })
    await t.rejects(dial(t, port, { ...options, servername: 'c.test' }))
    while (ends.length < 3) await sleep(2)
    t.same(ends, ['full', 'resumed', 'failed'])
  })

  t.test(`${kind}: a crowd that only connects shuts nobody out`, async (t) => {
    const { port } = await listenOn(t, kind, { tls: { certificates: await testCertificates() } })
    const crowd = Array.from({ length: 2100 }, () => net.connect({ port, host: '127.0.0.1' }))
    t.teardown(() => crowd.forEach((socket) => socket.destroy()))
    crowd.forEach((socket) => socket.on('error', () => undefined).resume())
    await once(crowd.at(-1) as net.Socket, 'connect')
    t.equal(subject(await dial(t, port)), 'a.test')
    while (crowd.filter(({ closed }) => closed).length < 100) await sleep(5)
  })

  t.test(`${kind}: HTTP/2 is offered to who takes it, and handed on`, async (t) => {
    const certificates = await testCertificates()
    const taken: TLSSocket[] = []
    const onHttp2 = (socket: TLSSocket): unknown => taken.push(socket)
    const both = await listenOn(t, kind, { tls: { certificates, onHttp2: (s) => void onHttp2(s) } })
    const one = await listenOn(t, kind, { tls: { certificates } })
    const ALPNProtocols = ['http/1.1', 'h2']
    t.equal((await dial(t, both.port, { ALPNProtocols })).alpnProtocol, 'h2')
    while (taken.length === 0) await sleep(2)
    t.equal((await dial(t, one.port, { ALPNProtocols })).alpnProtocol, 'http/1.1')
    t.equal((await dial(t, both.port)).alpnProtocol, false)
    await t.rejects(dial(t, one.port, { ALPNProtocols: ['h2'] }), {
      code: /NO_APPLICATION_PROTOCOL/,
    })
    taken[0]?.destroy()
  })

  t.test(`${kind}: a hello may come in pieces`, async (t) => {
    const certificates = await testCertificates()
    const taken: TLSSocket[] = []
    const onHttp2 = (socket: TLSSocket): void => void taken.push(socket)
    const answer = (notes: Notes): void => {
      notes.onBytesDo = () => notes.line?.writeText('answer')
    }
    const { port } = await listenOn(t, kind, { tls: { certificates, onHttp2 } }, answer)
    for (const ALPNProtocols of [[], ['http/1.1'], ['h2', 'http/1.1']]) {
      const socket = await dial(t, port, { socket: dripping(t, port), ALPNProtocols })
      t.equal(socket.alpnProtocol, ALPNProtocols[0] ?? false)
      if (socket.alpnProtocol === 'h2') continue
      socket.write('ask')
      t.equal(String(await once(socket, 'data')), 'answer')
    }
    while (taken.length === 0) await sleep(2)
    taken[0]?.destroy()
  })

  t.test(`${kind}: an end is said in TLS, too: what is cut off on the way is seen`, async (t) => {
    const certificates = await testCertificates()
    for (const end of ['shutDown', 'abort'] as const) {
      const { port } = await listenOn(t, kind, { tls: { certificates } }, (notes) => {
        notes.onBytesDo = () => {
          notes.line?.writeText('answer')
          notes.line?.[end]()
        }
      })
      const tcp = net.connect(port, '127.0.0.1').on('error', () => undefined)
      const came: Buffer[] = []
      tcp.on('data', (bytes: Buffer) => came.push(bytes))
      // In TLS 1.3 the type of a record is no longer to be seen.
      const socket = await dial(t, port, { socket: over(tcp), maxVersion: 'TLSv1.2' })
      socket.write('ask')
      await new Promise((resolve) => tcp.once('close', resolve))
      const isAlert = recordTypes(Buffer.concat(came)).at(-1) === alert
      t.equal(isAlert, end === 'shutDown', end)
    }
  })

  t.test(`${kind}: who leaves in the middle of a handshake leaves nothing behind`, async (t) => {
    const certificates = await testCertificates()
    const bench = await listenOn(t, kind, { tls: { certificates }, deadlineMs: 200 }, () => {
      t.fail('accepted')
    })
    for (const cut of ['end', 'resetAndDestroy'] as const) {
      const tcp = net.connect(bench.port, '127.0.0.1').on('error', () => undefined)
      const way = new Duplex({
        read: () => undefined,
        // The hello, and then no more.
        write: (bytes: Buffer, _, done) => void tcp.write(bytes, () => done()),
      })
      const socket = tls.connect({ socket: way, servername: 'a.test' }).on('error', () => undefined)
      await once(tcp, 'data')
      tcp[cut]()
      if (!tcp.destroyed) await once(tcp.resume(), 'close')
      socket.destroy()
    }
    await sleep(20)
    t.same(bench.bugs, [])
  })

  t.test(`${kind}: a challenge is answered with its certificate and nothing else`, async (t) => {
    const certificates = await testCertificates()
    const { port } = await listenOn(t, kind, { tls: { certificates } })
    const ALPNProtocols = ['acme-tls/1']
    await t.rejects(dial(t, port, { ALPNProtocols }))
    certificates.challenges.set('a.test', challenge)
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const options = { minVersion: version, maxVersion: version }
      const asked = await dial(t, port, { ...options, ALPNProtocols })
      t.equal(asked.alpnProtocol, 'acme-tls/1')
      t.equal(subject(asked), 'challenge.of.a.test')
      asked.resume()
      await once(asked, 'end')
      t.equal(subject(await dial(t, port, options)), 'a.test')
    }
  })

  t.test(`${kind}: sessions are resumed until the ticket keys change`, async (t) => {
    const certificates = await testCertificates()
    const { port } = await listenOn(t, kind, { tls: { certificates } }, (notes) => {
      notes.onBytesDo = () => notes.line?.writeText('answer')
    })
    const session = async (options: ConnectionOptions): Promise<[Buffer, boolean]> => {
      const socket = await dial(t, port, options)
      const tickets: Buffer[] = []
      socket.on('session', (ticket) => tickets.push(ticket))
      socket.write('ask')
      await once(socket, 'data')
      const isReused = socket.isSessionReused()
      const ticket = tickets.at(-1) ?? socket.getSession() ?? Buffer.alloc(0)
      socket.destroy()
      return [ticket, isReused]
    }
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      const [first, isFirstReused] = await session({ maxVersion })
      const [second, isReused] = await session({ maxVersion, session: first })
      certificates.changeTicketKeys(Buffer.alloc(48, maxVersion))
      const [, isReusedLater] = await session({ maxVersion, session: second })
      t.same([isFirstReused, isReused, isReusedLater], [false, true, false])
    }
  })

  t.test(`${kind}: old versions, and what is no TLS, get nowhere`, async (t) => {
    const certificates = await testCertificates()
    const bench = await listenOn(t, kind, { tls: { certificates } }, () => t.fail('accepted'))
    const options = {
      minVersion: 'TLSv1.1',
      maxVersion: 'TLSv1.1',
      ciphers: 'ALL:@SECLEVEL=0',
    } as const
    await t.rejects(dial(t, bench.port, options))
    certificates.challenges.set('a.test', challenge)
    for (const text of [
      'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n',
      '\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00',
    ]) {
      const socket = net.connect(bench.port, '127.0.0.1').resume()
      socket.end(text, 'latin1')
      await once(socket, 'close')
    }
    t.same(bench.bugs, [])
  })

  t.test(`${kind}: who does not finish a handshake is closed after a while`, async (t) => {
    const certificates = await testCertificates()
    const { port } = await listenOn(t, kind, { tls: { certificates }, deadlineMs: 300 })
    const started = performance.now()
    for (const text of ['', '\x16\x03\x01']) {
      const socket = net.connect(port, '127.0.0.1').resume()
      socket.on('error', () => undefined).write(text, 'latin1')
      await once(socket, 'close')
    }
    t.ok(performance.now() - started > 100)
    const done = await dial(t, port)
    await sleep(700)
    t.notOk(done.destroyed)
  })

  t.test(`${kind}: rubbish after the handshake closes the connection`, async (t) => {
    const certificates = await testCertificates()
    const bench = await listenOn(t, kind, { tls: { certificates } })
    const tcp = net.connect(bench.port, '127.0.0.1')
    tcp.on('error', () => undefined)
    const socket = tls.connect({ socket: tcp, servername: 'a.test', rejectUnauthorized: false })
    socket.on('error', () => undefined)
    await once(socket, 'secureConnect')
    const notes = await bench.next()
    tcp.write(Buffer.from('\x17\x03\x03\x00\x20rubbishrubbishrubbishrubbishrubb', 'latin1'))
    await notes.until(() => notes.events.includes('closed'))
    t.same(notes.events, ['closed'])
    t.same(bench.bugs, [])
    socket.destroy()
  })
}

t.test('certificates in memory know their names', (t) => {
  t.equal(new TestCertificates().contextFor('a.test'), undefined)
  t.end()
})
