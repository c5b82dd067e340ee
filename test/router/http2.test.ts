import { once } from 'node:events'
import { eachKind as t } from './each-transport.ts'
import { answerOf, connect, openHttp2Rig, request } from './http2-rig.ts'
import { answering, httpBackend, rawBackend } from './rig.ts'

interface Echo {
  readonly url: string
  readonly headers: Record<string, string>
  readonly trailers: Record<string, string>
}

const echoed = (body: string): Echo =>
  JSON.parse(Buffer.from(body, 'latin1').toString('utf8')) as Echo

t.test('a request over HTTP/2 reaches the app as HTTP/1.1', async (t) => {
  const rig = await openHttp2Rig(t)
  const { port } = await httpBackend(t)
  rig.route(port)
  const session = connect(t, rig.port)
  const { status, body } = await request(session, {
    ':path': '/a?b=c',
    'x-own': 'v\u00e9',
    cookie: ['a=1', 'b=2'],
  })
  t.equal(status, 200)
  t.match(echoed(body), { method: 'GET', url: '/a?b=c', httpVersion: '1.1', body: '' })
  const { headers } = echoed(body)
  t.match(headers, { host: 'a.test', cookie: 'a=1; b=2', 'x-own': 'v\u00e9' })
  t.match(headers, { 'x-forwarded-proto': 'https', 'x-forwarded-for': '127.0.0.1' })
})

t.test('a body passes with the length it was announced with', async (t) => {
  const rig = await openHttp2Rig(t)
  rig.route((await httpBackend(t)).port)
  const session = connect(t, rig.port)
  const { body } = await request(session, { ':method': 'POST', 'content-length': '5' }, 'hello')
  t.match(echoed(body), { method: 'POST', body: 'hello', headers: { 'content-length': '5' } })
})

t.test('a body without a length passes in chunks, its trailers after it', async (t) => {
  const rig = await openHttp2Rig(t)
  rig.route((await httpBackend(t)).port)
  const stream = connect(t, rig.port).request(
    { ':method': 'POST', ':authority': 'a.test' },
    { waitForTrailers: true, endStream: false },
  )
  stream.on('wantTrailers', () =>
    stream.sendTrailers({ 'x-sum': '42', 'x-forwarded-for': '1.2.3.4' }),
  )
  stream.write('one ')
  stream.end('two')
  const { body } = await answerOf(stream)
  t.match(echoed(body), { body: 'one two', headers: { 'transfer-encoding': 'chunked' } })
  t.strictSame(echoed(body).trailers, { 'x-sum': '42' })
})

t.test('a POST without a body says so', async (t) => {
  const rig = await openHttp2Rig(t)
  rig.route((await httpBackend(t)).port)
  const { body } = await request(connect(t, rig.port), { ':method': 'POST' })
  t.equal(echoed(body).headers['content-length'], '0')
})

t.test('chunks are taken off an answer, its trailers come after it', async (t) => {
  const rig = await openHttp2Rig(t)
  const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-A: b\r\n\r\n'
  rig.route(await answering(t, `${head}5;x=y\r\nhello\r\n1\r\n!\r\n0\r\nX-Sum: 1\r\n\r\n`))
  const { headers, body, trailers, code } = await request(connect(t, rig.port))
  t.equal(body, 'hello!')
  t.equal(headers['x-a'], 'b')
  t.notOk('transfer-encoding' in headers)
  t.equal(trailers['x-sum'], '1')
  t.equal(code, 0)
})

t.test('a chunked answer in single bytes arrives the same', async (t) => {
  const rig = await openHttp2Rig(t)
  const text = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n'
  const port = await rawBackend(t, (socket) => {
    socket.setNoDelay(true).once('data', () => void drip())
    const drip = async (): Promise<void> => {
      for (const byte of text) {
        socket.write(byte)
        await new Promise((resolve) => setImmediate(resolve))
      }
    }
  })
  rig.route(port)
  t.equal((await request(connect(t, rig.port))).body, 'hello')
})

t.test('an answer that ends with its connection ends the stream', async (t) => {
  const rig = await openHttp2Rig(t)
  rig.route(await answering(t, 'HTTP/1.1 200 OK\r\n\r\nall of it', { closes: true }))
  t.match(await request(connect(t, rig.port)), { status: 200, body: 'all of it', code: 0 })
})

t.test('answers without a body end with their head', async (t) => {
  const rig = await openHttp2Rig(t)
  const { port } = await httpBackend(t, (asked, answer) => {
    const status = Number(asked.url?.slice(1))
    answer.writeHead(status, status === 200 ? { 'content-length': '7' } : {}).end()
  })
  rig.route(port)
  const session = connect(t, rig.port)
  for (const status of [204, 205, 304]) {
    t.match(await request(session, { ':path': `/${status}` }), { status, body: '', code: 0 })
  }
  const head = await request(session, { ':method': 'HEAD', ':path': '/200' })
  t.match(head, { status: 200, body: '', code: 0, headers: { 'content-length': '7' } })
})

t.test('interim answers pass', async (t) => {
  const rig = await openHttp2Rig(t)
  const { port } = await httpBackend(t, (_, answer) => {
    answer.writeEarlyHints({ link: ['</a.css>; rel=preload', '</b.css>; rel=preload'] })
    answer.end('done')
  })
  rig.route(port)
  const { interim, status, body } = await request(connect(t, rig.port))
  t.equal(interim[0]?.[':status'], 103)
  t.match(String(interim[0]?.['link']), 'b.css')
  t.match({ status, body }, { status: 200, body: 'done' })
})

t.test('fields of the connection do not pass, repeated ones do', async (t) => {
  const rig = await openHttp2Rig(t)
  const fields =
    'Connection: keep-alive, X-Hop\r\nKeep-Alive: timeout=5\r\nX-Hop: 1\r\nUpgrade: h2c\r\n' +
    'Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nETag: "1"\r\nETag: "1"\r\nX-Blank:  v \r\n'
  rig.route(await answering(t, `HTTP/1.1 200 OK\r\n${fields}Content-Length: 2\r\n\r\nok`))
  const { headers, body } = await request(connect(t, rig.port))
  t.equal(body, 'ok')
  for (const name of ['connection', 'keep-alive', 'x-hop', 'upgrade']) t.notOk(name in headers)
  t.strictSame(headers['set-cookie'], ['a=1', 'b=2'])
  t.equal(headers['x-blank'], 'v')
})

t.test('an answer that is cut short is seen to be', async (t) => {
  const rig = await openHttp2Rig(t)
  const heads = ['Content-Length: 10\r\n\r\nhalf', 'Transfer-Encoding: chunked\r\n\r\n9\r\nhalf']
  for (const head of heads) {
    rig.route(await answering(t, `HTTP/1.1 200 OK\r\n${head}`, { closes: true }))
    t.equal((await request(connect(t, rig.port))).code, 2)
  }
})

t.test('so is one that only ends with its connection, when we break it off', async (t) => {
  const rig = await openHttp2Rig(t, { rollingMs: 200 })
  rig.route(await answering(t, 'HTTP/1.1 200 OK\r\n\r\nhalf of it'))
  t.match(await request(connect(t, rig.port)), { status: 200, body: 'half of it', code: 2 })
})

t.test('a host without a route gets our page', async (t) => {
  const rig = await openHttp2Rig(t)
  rig.route((await httpBackend(t)).port)
  const session = connect(t, rig.port)
  t.equal((await request(session, { ':authority': 'b.test' })).status, 404)
  t.equal((await request(session)).status, 200, 'and the session goes on')
})

t.test('a head beyond our limits is refused with 431', async (t) => {
  const rig = await openHttp2Rig(t)
  rig.route((await httpBackend(t)).port)
  const { status } = await request(connect(t, rig.port), { 'x-long': 'x'.repeat(40_000) })
  t.equal(status, 431)
})

t.test('very many requests on one session are all answered', async (t) => {
  const rig = await openHttp2Rig(t)
  rig.route((await httpBackend(t)).port)
  const session = connect(t, rig.port)
  const paths = Array.from({ length: 400 }, (_, index) => `/${index}`)
  const answers = await Promise.all(paths.map((path) => request(session, { ':path': path })))
  t.strictSame(
    answers.map(({ body }) => echoed(body).url),
    paths,
  )
})

t.test('a client that leaves takes its request with it', async (t) => {
  const rig = await openHttp2Rig(t)
  const left = Promise.withResolvers<void>()
  const asked = Promise.withResolvers<void>()
  const { port } = await httpBackend(t, (request) => {
    request.socket.on('close', () => left.resolve())
    asked.resolve()
  })
  rig.route(port)
  const stream = connect(t, rig.port).request({ ':authority': 'a.test' })
  stream.on('error', () => undefined)
  await asked.promise
  stream.close(8)
  await left.promise
  t.pass('the app saw it')
})

t.test('an early answer ends the sending', async (t) => {
  const rig = await openHttp2Rig(t)
  rig.route(await answering(t, 'HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno'))
  const stream = connect(t, rig.port).request(
    { ':authority': 'a.test', ':method': 'POST' },
    { endStream: false },
  )
  stream.write('the first of very much')
  t.match(await answerOf(stream), { status: 403, body: 'no', code: 0 })
})

t.test('a slow reader holds the app back, and still gets everything', async (t) => {
  const rig = await openHttp2Rig(t)
  const size = 16 * 1024 ** 2
  let sent = 0
  const { port } = await httpBackend(t, (_, answer) => {
    answer.writeHead(200, { 'content-length': size })
    const more = (): void => {
      while (sent < size) {
        sent += 65_536
        if (!answer.write(Buffer.alloc(65_536))) return void answer.once('drain', more)
      }
      answer.end()
    }
    more()
  })
  rig.route(port)
  const stream = connect(t, rig.port).request({ ':authority': 'a.test' })
  await once(stream, 'response')
  await new Promise((resolve) => setTimeout(resolve, 300))
  t.ok(sent < size / 2, `only ${sent} were sent ahead`)
  let got = 0
  stream.on('data', (bytes: Buffer) => (got += bytes.length))
  await once(stream, 'close')
  t.equal(got, size)
})

t.test('a slow app holds the client back, and still gets everything', async (t) => {
  const rig = await openHttp2Rig(t)
  const size = 16 * 1024 ** 2
  let isReading = false
  const { port } = await httpBackend(t, (asked, answer) => {
    let got = 0
    setTimeout(() => {
      isReading = true
      asked.on('data', (bytes: Buffer) => (got += bytes.length))
      asked.on('end', () => answer.end(String(got)))
    }, 300)
  })
  rig.route(port)
  const stream = connect(t, rig.port).request(
    { ':authority': 'a.test', ':method': 'POST' },
    { endStream: false },
  )
  stream.write(Buffer.alloc(size), () => t.ok(isReading, 'all was sent only once it was read'))
  stream.end()
  t.equal((await answerOf(stream)).body, String(size))
})
