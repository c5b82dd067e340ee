import t from 'tap'
import { readStreamRequest } from '#router/http2/request-text.ts'
import { connect, FrameClient, frameType, openHttp2Rig, request } from './http2-rig.ts'
import { httpBackend } from './rig.ts'

const good = [':method', 'GET', ':scheme', 'https', ':authority', 'a.test', ':path', '/']

/** `good` with other values, and more fields after it. */
function block(changes: Record<string, string | null>, ...more: string[]): string[] {
  const fields: string[] = []
  for (let at = 0; at < good.length; at += 2) {
    const name = good[at] as string
    const value = name in changes ? changes[name] : good[at + 1]
    if (value !== null && value !== undefined) fields.push(name, value)
  }
  return [...fields, ...more]
}

const lineEnds = ['\r\n', '\n', '\r', '\0', '\u010a', '\u010d']
const malformed: Readonly<Record<string, string[]>> = {
  'no method': block({ ':method': null }),
  'no path': block({ ':path': null }),
  'no scheme': block({ ':scheme': null }),
  'no host': block({ ':authority': null }),
  'an empty path': block({ ':path': '' }),
  'an absolute path': block({ ':path': 'https://b.test/' }),
  'a path without a slash': block({ ':path': 'a' }),
  'a path with a blank': block({ ':path': '/ HTTP/1.1' }),
  'a path with a fragment': block({ ':path': '/#a' }),
  'an asterisk with GET': block({ ':path': '*' }),
  'a method with a blank': block({ ':method': 'GET /b HTTP/1.1' }),
  'another host': block({}, 'host', 'b.test'),
  'two hosts': block({ ':authority': null }, 'host', 'a.test', 'host', 'a.test'),
  'a pseudo-field twice': block({}).toSpliced(2, 0, ':method', 'POST'),
  'a pseudo-field after others': block({}, 'x-a', 'b', ':path', '/b'),
  'a pseudo-field nobody knows': [...good, ':status', '200'],
  'a protocol without CONNECT': [...good, ':protocol', 'websocket'],
  'a length that is none': block({}, 'content-length', '1a'),
  'a signed length': block({}, 'content-length', '+1'),
  'a list of lengths': block({}, 'content-length', '0, 0'),
  'two lengths': block({}, 'content-length', '0', 'content-length', '0'),
  'a length without a body': block({}, 'content-length', '5'),
  'an upper-case name': block({}, 'X-A', 'b'),
  'an empty name': block({}, '', 'b'),
  'a name with a colon': block({}, 'x:a', 'b'),
  'a name with a blank': block({}, 'x a', 'b'),
  connection: block({}, 'connection', 'close'),
  'keep-alive': block({}, 'keep-alive', 'timeout=5'),
  'proxy-connection': block({}, 'proxy-connection', 'close'),
  'transfer-encoding': block({}, 'transfer-encoding', 'chunked'),
  upgrade: block({}, 'upgrade', 'h2c'),
  'te of another kind': block({}, 'te', 'gzip'),
}
for (const [index, end] of lineEnds.entries()) {
  const evil = `a${end}${end}GET /evil HTTP/1.1${end}x: y`
  Object.assign(malformed, {
    [`line end ${index} in a value`]: block({}, 'x-a', evil),
    [`line end ${index} in a name`]: block({}, `x-a: b${end}c`, 'd'),
    [`line end ${index} in the path`]: block({ ':path': `/${evil}` }),
    [`line end ${index} in the method`]: block({ ':method': evil }),
    [`line end ${index} in the host`]: block({ ':authority': evil }),
    [`line end ${index} in a cookie`]: block({}, 'cookie', 'a=b', 'cookie', evil),
  })
}

for (const [name, fields] of Object.entries(malformed)) {
  t.test(`malformed: ${name}`, (t) => {
    t.equal(readStreamRequest(fields, false), 'malformed')
    t.end()
  })
}

// nghttp2 leaves out fields that are no HTTP, and lets the rest pass.
t.test('as frames, what is malformed in them reaches no app', async (t) => {
  const rig = await openHttp2Rig(t)
  const { port, seen } = await httpBackend(t)
  rig.route(port)
  for (const fields of Object.values(malformed)) {
    if (fields.some((text) => /[^\0-\xff]/.test(text))) continue
    const client = new FrameClient(t, rig.port).headers(1, fields)
    await client.until(({ stream, type }) => stream === 1 || type === frameType.goaway)
  }
  const plain = ['host', 'cookie', 'via', 'connection']
  for (const { method, url, headers } of seen) {
    const names = Object.keys(headers).filter((name) => !name.startsWith('x-forwarded-'))
    const own = names.filter((name) => !plain.includes(name) && !name.startsWith('x-request-'))
    t.match({ method, url, own }, { method: 'GET', url: '/', own: [] })
    t.ok(['a=b', undefined].includes(headers.cookie))
  }
})

t.test('names that look like framing fields do not pass', async (t) => {
  const rig = await openHttp2Rig(t)
  const { port, seen } = await httpBackend(t)
  rig.route(port)
  const headers = {
    transfer_encoding: 'chunked',
    content_length: '9',
    'x-forwarded-for': '1.2.3.4',
  }
  t.equal((await request(connect(t, rig.port), headers)).status, 200)
  t.notOk(Object.keys(seen[0]?.headers ?? {}).some((name) => name.includes('_')))
  t.equal(seen[0]?.headers['x-forwarded-for'], '127.0.0.1')
})

t.test('plain CONNECT is not served', async (t) => {
  const rig = await openHttp2Rig(t)
  const { port, seen } = await httpBackend(t)
  rig.route(port)
  const fields = [':method', 'CONNECT', ':authority', 'a.test:443']
  const client = new FrameClient(t, rig.port).headers(1, fields, true)
  const { type } = await client.until(({ stream }) => stream === 1)
  t.ok(type === frameType.headers || type === frameType.rst)
  t.equal(seen.length, 0)
})

const announced = block({ ':method': 'POST' }, 'content-length', '5')

t.test('a body that is not what was announced ends its stream, and the request', async (t) => {
  const rig = await openHttp2Rig(t)
  const bodies: string[] = []
  const { port } = await httpBackend(t, (request, answer) => {
    let body = ''
    request.on('data', (bytes: Buffer) => (body += bytes.toString()))
    request.on('end', () => {
      bodies.push(body)
      answer.end()
    })
  })
  rig.route(port)
  for (const body of ['four', 'sixsix', 'hello GET /evil HTTP/1.1\r\nHost: a.test\r\n\r\n']) {
    const client = new FrameClient(t, rig.port).headers(1, announced, true).data(1, body, true)
    const ended = await client
      .until(({ stream, type }) => stream === 1 && type === frameType.rst)
      .catch(() => client.isClosed)
    t.ok(ended === true || (typeof ended === 'object' && ended.payload.readUInt32BE(0) === 1))
  }
  const client = new FrameClient(t, rig.port).headers(1, announced, true).data(1, 'hello', true)
  await client.until(({ stream, type }) => stream === 1 && type === frameType.headers)
  t.strictSame(bodies, ['hello'])
})

t.test('a body that looks like chunks stays a body', async (t) => {
  const rig = await openHttp2Rig(t)
  const { port, seen } = await httpBackend(t)
  rig.route(port)
  const evil = '0\r\n\r\nGET /evil HTTP/1.1\r\nHost: a.test\r\n\r\n'
  const { body } = await request(connect(t, rig.port), { ':method': 'POST' }, evil)
  t.equal((JSON.parse(body) as { body: string }).body, evil)
  t.equal(seen.length, 1)
})
