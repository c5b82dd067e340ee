import { once } from 'node:events'
import tls from 'node:tls'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { parsePreamble } from '#lib/proxy-protocol.ts'
import { transports } from './each-transport.ts'
import { call, listenOn, testCertificates } from './lines.ts'

const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')

/** A preamble of version 2. */
function binary(command: number, family: number, payload: readonly number[]): Buffer {
  const head = Buffer.from([command, family, payload.length >> 8, payload.length & 255])
  return Buffer.concat([signature, head, Buffer.from(payload)])
}

const v4 = [192, 0, 2, 7, 198, 51, 100, 1, 0xc0, 0x01, 0x01, 0xbb]
const ip6 = [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9]
const v6 = [...ip6, ...ip6, 0xc0, 0x01, 0x01, 0xbb]
const source = { remoteAddress: '192.0.2.7', remotePort: 49_153, localPort: 443 }
const source6 = { ...source, remoteAddress: '2001:db8::9' }

const good: readonly (readonly [string, Buffer, object | null])[] = [
  ['TCP4', Buffer.from('PROXY TCP4 192.0.2.7 198.51.100.1 49153 443\r\n'), source],
  ['TCP6', Buffer.from('PROXY TCP6 2001:db8::9 2001:db8::1 49153 443\r\n'), source6],
  ['UNKNOWN', Buffer.from('PROXY UNKNOWN\r\n'), null],
  ['UNKNOWN with more', Buffer.from('PROXY UNKNOWN ffff::1 ::1 1 2\r\n'), null],
  ['binary TCP4', binary(0x21, 0x11, v4), source],
  ['binary TCP6', binary(0x21, 0x21, v6), source6],
  ['binary with extensions', binary(0x21, 0x11, [...v4, 3, 0, 4, 1, 2, 3, 4]), source],
  ['binary LOCAL', binary(0x20, 0x00, []), null],
  ['binary LOCAL with addresses', binary(0x20, 0x11, v4), null],
  ['binary of unknown family', binary(0x21, 0x00, [1, 2, 3]), null],
]

const bad: readonly (readonly [string, Buffer])[] = [
  ['HTTP', Buffer.from('GET / HTTP/1.1\r\n')],
  ['lower case', Buffer.from('proxy TCP4 192.0.2.7 198.51.100.1 1 2\r\n')],
  ['two spaces', Buffer.from('PROXY  TCP4 192.0.2.7 198.51.100.1 1 2\r\n')],
  ['a wrong family', Buffer.from('PROXY TCP4 2001:db8::9 2001:db8::1 1 2\r\n')],
  ['half an address', Buffer.from('PROXY TCP4 192.0.2 198.51.100.1 1 2\r\n')],
  ['a port too large', Buffer.from('PROXY TCP4 192.0.2.7 198.51.100.1 65536 2\r\n')],
  ['a port with a zero', Buffer.from('PROXY TCP4 192.0.2.7 198.51.100.1 01 2\r\n')],
  ['a word too many', Buffer.from('PROXY TCP4 192.0.2.7 198.51.100.1 1 2 3\r\n')],
  ['a bare line feed', Buffer.from(`PROXY TCP4 192.0.2.7 198.51.100.1 1 2\n${' '.repeat(99)}`)],
  ['a line without end', Buffer.from(`PROXY UNKNOWN ${'x'.repeat(120)}`)],
  ['version 1 in binary', binary(0x11, 0x11, v4)],
  ['an unknown command', binary(0x22, 0x11, v4)],
  ['UDP', binary(0x21, 0x12, v4)],
  ['addresses cut short', binary(0x21, 0x11, v4.slice(0, 8))],
  ['far too much', binary(0x21, 0x11, [...v4, ...Array.from({ length: 5000 }, () => 0)])],
]

for (const [name, bytes, expected] of good) {
  t.test(`a preamble: ${name}`, (t) => {
    for (let size = 0; size < bytes.length; size += 1) {
      if (parsePreamble(bytes.subarray(0, size)) !== 'more') t.fail(`decided after ${size} bytes`)
    }
    const all = Buffer.concat([bytes, Buffer.from('GET')])
    t.same(parsePreamble(all), { size: bytes.length, source: expected })
    t.end()
  })
}

t.test('what is no preamble is refused', (t) => {
  for (const [name, bytes] of bad) t.equal(parsePreamble(bytes), 'bad', name)
  t.end()
})

for (const kind of transports) {
  const certificates = testCertificates()

  t.test(`${kind}: a connection tells whom it comes from, also byte by byte`, async (t) => {
    const bench = await listenOn(t, kind, { proxyProtocol: true })
    for (const [name, bytes, expected] of good) {
      const socket = call(t, bench.port, null)
      const all = Buffer.concat([bytes, Buffer.from('hello')])
      const isDripped = name === 'TCP4' || name === 'binary TCP6'
      if (!isDripped) socket.write(all)
      for (const byte of isDripped ? all : []) {
        socket.write(Buffer.of(byte))
        await sleep(1)
      }
      const notes = await bench.next()
      await notes.until(() => notes.text === 'hello')
      t.match(notes.line, expected ?? { remoteAddress: '127.0.0.1', localPort: bench.port }, name)
      notes.line?.writeText('answer')
      t.equal(String((await once(socket, 'data'))[0]), 'answer')
      notes.line?.shutDown()
      socket.end().resume()
      await notes.until(() => notes.events.includes('closed'))
    }
  })

  t.test(`${kind}: a connection that tells nothing, or nonsense, is closed`, async (t) => {
    const bench = await listenOn(t, kind, { proxyProtocol: true }, () => t.fail('it was accepted'))
    for (const [, bytes] of [...bad, ['an end', Buffer.from('PROXY ')] as const]) {
      const socket = call(t, bench.port, null).resume()
      socket.end(bytes)
      await once(socket, 'close')
    }
    t.pass()
  })

  t.test(`${kind}: a connection that never tells is closed after a while`, async (t) => {
    const bench = await listenOn(t, kind, { proxyProtocol: true, deadlineMs: 50 })
    const socket = call(t, bench.port, null).resume()
    socket.write('PROXY ')
    await once(socket, 'end')
    t.pass()
  })

  t.test(`${kind}: it comes before TLS`, async (t) => {
    const bench = await listenOn(t, kind, {
      proxyProtocol: true,
      tls: { certificates: await certificates },
    })
    const tcp = call(t, bench.port, null)
    tcp.write('PROXY TCP4 192.0.2.7 198.51.100.1 49153 443\r\n')
    const socket = tls.connect({ socket: tcp, servername: 'a.test', rejectUnauthorized: false })
    t.teardown(() => socket.destroy())
    socket.write('hello')
    const notes = await bench.next()
    await notes.until(() => notes.text === 'hello')
    t.match(notes.line, { ...source, isSecure: true, serverName: 'a.test' })
  })
}
