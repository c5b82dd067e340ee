import { eachTransport as t } from './each-transport.ts'
import { answering, ask, dial, get, httpBackend, openRig, statusOf } from './rig.ts'

const host = 'Host: a.test\r\n'
const post = `POST / HTTP/1.1\r\n${host}`

/** What must be refused before any app sees it, and how. */
const corpus: readonly (readonly [name: string, status: number, text: string])[] = [
  ['no Host', 400, 'GET / HTTP/1.1\r\n\r\n'],
  ['two Hosts', 400, `GET / HTTP/1.1\r\n${host}${host}\r\n`],
  ['an empty Host', 400, 'GET / HTTP/1.1\r\nHost:\r\n\r\n'],
  ['a Host with a path', 400, 'GET / HTTP/1.1\r\nHost: a.test/x\r\n\r\n'],
  ['a Host with a user', 400, 'GET / HTTP/1.1\r\nHost: x@a.test\r\n\r\n'],
  ['a list of Hosts', 400, 'GET / HTTP/1.1\r\nHost: a.test, b.test\r\n\r\n'],
  ['a Host with a bad port', 400, 'GET / HTTP/1.1\r\nHost: a.test:8x\r\n\r\n'],
  ['a Host with a long port', 400, 'GET / HTTP/1.1\r\nHost: a.test:123456\r\n\r\n'],
  ['an unclosed IPv6 Host', 400, 'GET / HTTP/1.1\r\nHost: [::1\r\n\r\n'],
  [
    'a length and chunks',
    400,
    `${post}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  ],
  [
    'chunks and a length',
    400,
    `${post}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n`,
  ],
  ['two lengths', 400, `${post}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello`],
  ['the same length twice', 400, `${post}Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello`],
  ['a list of lengths', 400, `${post}Content-Length: 5, 5\r\n\r\nhello`],
  ['a signed length', 400, `${post}Content-Length: +5\r\n\r\nhello`],
  ['a negative length', 400, `${post}Content-Length: -1\r\n\r\n`],
  ['a hex length', 400, `${post}Content-Length: 0x5\r\n\r\nhello`],
  ['an empty length', 400, `${post}Content-Length: \r\n\r\n`],
  ['an absurd length', 413, `${post}Content-Length: 99999999999999999999\r\n\r\n`],
  ['an unknown coding', 501, `${post}Transfer-Encoding: gzip, chunked\r\n\r\n`],
  ['a coding twice', 501, `${post}Transfer-Encoding: chunked, chunked\r\n\r\n`],
  [
    'two coding fields',
    400,
    `${post}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  ],
  ['a disguised coding', 501, `${post}Transfer-Encoding: xchunked\r\n\r\n`],
  ['a coding after a vertical tab', 400, `${post}Transfer-Encoding: \x0bchunked\r\n\r\n`],
  [
    'chunks in HTTP/1.0',
    400,
    `POST / HTTP/1.0\r\n${host}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  ],
  ['a space before the colon', 400, `GET / HTTP/1.1\r\n${host}Content-Length : 5\r\n\r\n`],
  ['a field without a name', 400, `GET / HTTP/1.1\r\n${host}: x\r\n\r\n`],
  ['a field without a colon', 400, `GET / HTTP/1.1\r\n${host}nonsense\r\n\r\n`],
  ['a folded field', 400, `GET / HTTP/1.1\r\n${host}X-A: b\r\n c\r\n\r\n`],
  ['a first line that is folded', 400, `GET / HTTP/1.1\r\n ${host}\r\n`],
  ['line feeds alone', 400, 'GET / HTTP/1.1\nHost: a.test\n\n'],
  ['a line feed in a field', 400, `GET / HTTP/1.1\r\n${host}X-A: b\nX-B: c\r\n\r\n`],
  ['a carriage return in a field', 400, `GET / HTTP/1.1\r\n${host}X-A: b\rc\r\n\r\n`],
  ['a NUL in a field', 400, `GET / HTTP/1.1\r\n${host}X-A: b\0c\r\n\r\n`],
  ['a NUL in a name', 400, `GET / HTTP/1.1\r\n${host}X\0A: b\r\n\r\n`],
  ['a high byte in a name', 400, `GET / HTTP/1.1\r\n${host}X\xe9: b\r\n\r\n`],
  ['a carriage return before the end', 400, `GET / HTTP/1.1\r\n${host}\r\r\n`],
  [
    'Connection naming the length',
    400,
    `${post}Content-Length: 5\r\nConnection: content-length\r\n\r\nhello`,
  ],
  ['Connection naming the host', 400, `GET / HTTP/1.1\r\n${host}Connection: close, host\r\n\r\n`],
  ['a method with a bracket', 400, `G(T / HTTP/1.1\r\n${host}\r\n`],
  ['a tab between the words', 400, `GET\t/ HTTP/1.1\r\n${host}\r\n`],
  ['two spaces', 400, `GET  / HTTP/1.1\r\n${host}\r\n`],
  ['a space in the target', 400, `GET /a b HTTP/1.1\r\n${host}\r\n`],
  ['a fragment in the target', 400, `GET /a#b HTTP/1.1\r\n${host}\r\n`],
  ['a target without a slash', 400, `GET index.html HTTP/1.1\r\n${host}\r\n`],
  ['HTTP/0.9', 400, 'GET /\r\n\r\n'],
  ['a small version', 400, `GET / http/1.1\r\n${host}\r\n`],
  ['HTTP/2', 505, `GET / HTTP/2.0\r\n${host}\r\n`],
  ['HTTP/1.2', 505, `GET / HTTP/1.2\r\n${host}\r\n`],
  ['the preface of HTTP/2', 505, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['CONNECT', 405, 'CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n'],
  ['an unknown expectation', 417, `${post}Expect: a-miracle\r\nContent-Length: 1\r\n\r\n`],
  ['a long target', 414, `GET /${'a'.repeat(20_000)} HTTP/1.1\r\n${host}\r\n`],
  ['a target without end', 414, `GET /${'a'.repeat(40_000)}`],
  ['a long field', 431, `GET / HTTP/1.1\r\n${host}X-A: ${'a'.repeat(40_000)}\r\n\r\n`],
  ['a field without end', 431, `GET / HTTP/1.1\r\n${host}X-A: ${'a'.repeat(40_000)}`],
  ['too many fields', 431, `GET / HTTP/1.1\r\n${host}${'X-A: b\r\n'.repeat(300)}\r\n`],
  ['a TLS hello', 400, '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
  ['a chunk size of nothing', 400, `${post}Transfer-Encoding: chunked\r\n\r\n\r\n\r\n`],
  ['a chunk size in words', 400, `${post}Transfer-Encoding: chunked\r\n\r\nxyz\r\n`],
  ['a signed chunk size', 400, `${post}Transfer-Encoding: chunked\r\n\r\n+5\r\nhello\r\n0\r\n\r\n`],
  [
    'a chunk size with 0x',
    400,
    `${post}Transfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n`,
  ],
  ['a huge chunk size', 400, `${post}Transfer-Encoding: chunked\r\n\r\n${'f'.repeat(16)}\r\n`],
  [
    'a chunk line ended by a line feed',
    400,
    `${post}Transfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n`,
  ],
  [
    'an extension with a line feed',
    400,
    `${post}Transfer-Encoding: chunked\r\n\r\n5;a\nhello\r\n0\r\n\r\n`,
  ],
  [
    'an endless extension',
    400,
    `${post}Transfer-Encoding: chunked\r\n\r\n5;${'a'.repeat(2000)}\r\nhello\r\n0\r\n\r\n`,
  ],
  [
    'a chunk longer than its size',
    400,
    `${post}Transfer-Encoding: chunked\r\n\r\n3\r\nhello\r\n0\r\n\r\n`,
  ],
  ['a trailer without a name', 400, `${post}Transfer-Encoding: chunked\r\n\r\n0\r\n: x\r\n\r\n`],
  [
    'a trailer without a colon',
    400,
    `${post}Transfer-Encoding: chunked\r\n\r\n0\r\nnonsense\r\n\r\n`,
  ],
  [
    'endless trailers',
    400,
    `${post}Transfer-Encoding: chunked\r\n\r\n0\r\n${'A: b\r\n'.repeat(2000)}`,
  ],
]

t.test('what is malformed is refused, the connection closed, and no app hears of it', async (t) => {
  const rig = await openRig(t)
  const app = await httpBackend(t)
  rig.route(app.port)
  for (const [name, status, text] of corpus) {
    const answer = await ask(t, rig.port, text)
    t.equal(statusOf(answer), status, name)
    t.match(answer, /\r\nConnection: close\r\n/)
  }
  t.equal(app.seen.length, 0)
})

t.test('what follows a refused request is not taken for another one', async (t) => {
  const rig = await openRig(t)
  const app = await httpBackend(t)
  rig.route(app.port)
  const answer = await ask(t, rig.port, `GET / HTTP/1.1\r\n\r\n${get('/smuggled')}`)
  t.equal(answer.match(/HTTP\/1\.1 /g)?.length, 1)
  t.equal(app.seen.length, 0)
})

t.test(
  'a body that turns malformed later cuts both connections and is answered nothing',
  async (t) => {
    const rig = await openRig(t)
    const app = await httpBackend(t, (request) => request.on('error', () => undefined))
    rig.route(app.port)
    const client = dial(t, rig.port).send(`${post}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`)
    while (app.seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    const gone = new Promise((resolve) => app.seen[0]?.on('close', resolve))
    t.equal(await client.send('nonsense\r\n').all(), '')
    t.equal(client.ended, 'reset')
    await gone
  },
)

t.test('harmless oddities are served', async (t) => {
  const rig = await openRig(t)
  rig.route(await answering(t, 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'))
  const odd = [
    `\r\n\r\n${get()}`,
    get('/', 'X-Empty:\r\nX-Tab:\t b \t\r\nX-High: \xe9\r\n'),
    get('/caf\xc3\xa9|{}^'),
    `M-SEARCH / HTTP/1.1\r\n${host}Connection: close\r\n\r\n`,
  ]
  for (const text of odd) t.equal(statusOf(await ask(t, rig.port, text)), 200)
})
