import http from 'node:http'
import { eachTransport as t } from './each-transport.ts'
import { ask, connect, dial, echoed, get, httpBackend, openRig, statusOf } from './rig.ts'

t.test(
  'a request reaches the app with who asked, and nothing the client claims about that',
  async (t) => {
    const rig = await openRig(t)
    const app = await httpBackend(t)
    rig.route(app.port)
    const claims =
      'X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil\r\nX-FORWARDED-Prefix: /x\r\n' +
      'X_Forwarded_For: 6.6.6.6\r\nForwarded: for=6.6.6.6\r\nX-Real-IP: 6.6.6.6\r\nVia: 1.0 evil\r\nX-Request-Id: mine\r\n' +
      'X-Request-Start: 1\r\nProxy: http://evil\r\nContent_Length: 3\r\nCookie: a=b\r\n'
    const { headers } = echoed(await ask(t, rig.port, get('/', claims)))
    t.match(headers, {
      host: 'a.test',
      cookie: 'a=b',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': rig.scheme,
      'x-forwarded-host': 'a.test',
      'x-forwarded-port': String(rig.port),
      via: '1.1 slipway',
      'x-request-id': /^[0-9a-f]{32}$/,
      'x-request-start': /^\d{13}$/,
    })
    const gone = [
      'x-forwarded-prefix',
      'x_forwarded_for',
      'forwarded',
      'x-real-ip',
      'proxy',
      'content_length',
    ]
    for (const name of gone) t.notOk(name in headers, name)
  },
)

t.test('fields for this hop only, and those Connection names, are not passed on', async (t) => {
  const rig = await openRig(t)
  const app = await httpBackend(t)
  rig.route(app.port)
  const more =
    'Keep-Alive: 5\r\nProxy-Authorization: x\r\nTE: trailers\r\nX-Secret: 1\r\nUpgrade: foo\r\nConnection: X-Secret , keep-alive\r\nX-Kept: 1\r\n'
  const { headers } = echoed(await ask(t, rig.port, get('/', more)))
  for (const name of ['keep-alive', 'proxy-authorization', 'te', 'x-secret', 'upgrade']) {
    t.notOk(name in headers, name)
  }
  t.equal(headers['x-kept'], '1')
})

t.test('the host is found in any case, with a port and with a dot at its end', async (t) => {
  const rig = await openRig(t)
  const app = await httpBackend(t)
  rig.route(app.port)
  for (const host of ['A.TEST', 'a.test:8080', 'a.test.']) {
    const answer = await ask(
      t,
      rig.port,
      `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
    )
    t.equal(statusOf(answer), 200, host)
    t.equal(echoed(answer).headers['x-forwarded-host'], host)
  }
})

t.test(
  'an absolute target counts instead of the Host field and reaches the app as a path',
  async (t) => {
    const rig = await openRig(t)
    const app = await httpBackend(t)
    rig.route(app.port)
    const request = (target: string, method = 'GET'): string =>
      `${method} ${target} HTTP/1.1\r\nHost: other.test\r\nConnection: close\r\n\r\n`
    const { url, headers } = echoed(await ask(t, rig.port, request('HTTP://a.test:80/p?q')))
    t.same([url, headers['host'], headers['x-forwarded-host']], ['/p?q', 'a.test:80', 'a.test:80'])
    t.equal(echoed(await ask(t, rig.port, request('http://a.test?q'))).url, '/?q')
    t.match(await ask(t, rig.port, request('http://a.test', 'OPTIONS')), /\r\nAllow: GET,/)
    for (const bad of ['http://u@a.test/', 'http:///', 'ftp://a.test/', 'a.test/', '*']) {
      t.equal(statusOf(await ask(t, rig.port, request(bad))), 400, bad)
    }
  },
)

t.test('bodies arrive whole: with a length, in chunks, with extensions and trailers', async (t) => {
  const rig = await openRig(t)
  const app = await httpBackend(t)
  rig.route(app.port)
  const head = 'POST / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n'
  const sized = await ask(t, rig.port, `${head}Content-Length: 5\r\n\r\nhello`)
  t.equal(echoed(sized).body, 'hello')
  const chunked = await ask(
    t,
    rig.port,
    `${head}Transfer-Encoding: Chunked\r\nTrailer: x-sum\r\n\r\n3;a=b\r\nhel\r\n2\r\nlo\r\n0\r\nX-Sum: 7\r\n\r\n`,
  )
  t.equal(echoed(chunked).body, 'hello')
  t.match(echoed(chunked).trailers, { 'x-sum': '7' })
})

t.test('a request means the same wherever the network cuts it', async (t) => {
  const rig = await openRig(t)
  const app = await httpBackend(t)
  rig.route(app.port)
  const text =
    'POST /cut HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5;x=y\r\nhello\r\n0\r\nT: 1\r\n\r\n'
  const cut = async (at: number): Promise<string> => {
    const client = dial(t, rig.port).send(text.slice(0, at))
    await new Promise((resolve) => setTimeout(resolve, 5))
    return echoed(await client.send(text.slice(at)).all()).body
  }
  const bodies = await Promise.all(Array.from({ length: text.length - 1 }, (_, i) => cut(i + 1)))
  t.ok(bodies.every((body) => body === 'hello'))
})

t.test('Expect: 100-continue is passed on and the app answers it', async (t) => {
  const rig = await openRig(t)
  const app = await httpBackend(t)
  rig.route(app.port)
  const client = dial(t, rig.port)
  client.send(
    'POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 2\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n',
  )
  t.match(await client.until('\r\n\r\n'), /^HTTP\/1.1 100 Continue\r\n\r\n$/)
  client.send('ok')
  t.equal(echoed((await client.all()).slice(25)).body, 'ok')
})

t.test('an HTTP/1.0 client is answered and the connection closed', async (t) => {
  const rig = await openRig(t)
  const app = await httpBackend(t)
  rig.route(app.port)
  const answer = await ask(t, rig.port, 'GET / HTTP/1.0\r\nHost: a.test\r\n\r\n')
  t.match(answer, /^HTTP\/1\.1 200 OK\r\n[^]*Connection: close\r\n/)
  t.equal(statusOf(await ask(t, rig.port, 'GET / HTTP/1.0\r\n\r\n')), 404)
})

t.test('a large body passes whole in both directions', async (t) => {
  const rig = await openRig(t)
  const app = await httpBackend(t, (request, response) => request.pipe(response))
  rig.route(app.port)
  const body = Buffer.alloc(8 * 1024 * 1024, 'slipway!')
  const back = await new Promise<Buffer>((resolve, reject) => {
    const options = {
      method: 'POST',
      headers: { host: 'a.test' },
      createConnection: () => connect(rig.port),
    }
    const request = http.request(options, (answer) => {
      const chunks: Buffer[] = []
      answer.on('data', (chunk: Buffer) => chunks.push(chunk))
      answer.on('end', () => resolve(Buffer.concat(chunks)))
      answer.on('error', reject)
    })
    request.on('error', reject)
    request.end(body)
  })
  t.ok(back.equals(body))
})
