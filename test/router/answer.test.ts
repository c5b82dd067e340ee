import { eachTransport as t } from './each-transport.ts'
import {
  answering,
  ask,
  bodyOf,
  dial,
  get,
  httpBackend,
  openRig,
  rawBackend,
  statusOf,
} from './rig.ts'

const keepAlive = 'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n'

t.test('an answer that is no proper HTTP becomes a 502 that tells nothing', async (t) => {
  const corpus: readonly (readonly [name: string, answer: string])[] = [
    ['noise', 'secret nonsense\r\n\r\n'],
    ['HTTP/2', 'HTTP/2 200 OK\r\n\r\n'],
    ['a strange version', 'HTTP/1.2 200 OK\r\n\r\n'],
    ['a status of letters', 'HTTP/1.1 abc OK\r\n\r\n'],
    ['a status of 99', 'HTTP/1.1 099 OK\r\n\r\n'],
    ['a status of 999', 'HTTP/1.1 999 OK\r\n\r\n'],
    ['line feeds alone', 'HTTP/1.1 200 OK\nContent-Length: 2\n\nok'],
    ['a folded field', 'HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 2\r\n\r\nok'],
    ['a space before the colon', 'HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nok'],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok'],
    [
      'a length and chunks',
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['an unknown coding', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nxx'],
    ['a NUL', 'HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n'],
    ['bad chunks at once', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nsecret\r\n'],
    [
      'an upgrade nobody asked for',
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
    ],
    ['a head without end', `HTTP/1.1 200 OK\r\nX: ${'a'.repeat(50_000)}`],
    ['too many fields', `HTTP/1.1 200 OK\r\n${'X: secret\r\n'.repeat(300)}\r\n`],
    [
      'Connection naming the length',
      'HTTP/1.1 200 OK\r\nConnection: content-length\r\nContent-Length: 2\r\n\r\nok',
    ],
  ]
  for (const [name, bytes] of corpus) {
    const rig = await openRig(t)
    rig.route(await answering(t, bytes))
    const answer = await ask(t, rig.port, get())
    t.equal(statusOf(answer), 502, name)
    t.notMatch(answer, /secret/)
  }
})

t.test('an app that closes without a word is a 502 and the client may go on', async (t) => {
  const rig = await openRig(t)
  rig.route(await answering(t, '', { closes: true }))
  const client = dial(t, rig.port).send(keepAlive)
  t.match(await client.until('</html>'), /^HTTP\/1\.1 502 /)
  client.text = ''
  t.match(await client.send(keepAlive).until('</html>'), /^HTTP\/1\.1 502 /)
})

t.test(
  'an answer cut short is cut short for the client too, never ended as if it were whole',
  async (t) => {
    const cut = [
      'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n',
    ]
    for (const bytes of cut) {
      const rig = await openRig(t)
      rig.route(await answering(t, bytes, { closes: true }))
      const client = dial(t, rig.port).send(keepAlive)
      await client.all()
      t.equal(client.ended, 'reset')
    }
  },
)

t.test('an answer that turns malformed later cuts the client off', async (t) => {
  const rig = await openRig(t)
  const port = await rawBackend(t, (socket) => {
    socket.once('data', () => {
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ngood\r\n')
      setTimeout(() => socket.write('wrong\r\n'), 20)
    })
  })
  rig.route(port)
  const client = dial(t, rig.port).send(keepAlive)
  t.match(await client.all(), /good\r\n$/)
  t.equal(client.ended, 'reset')
})

t.test(
  'a connection that breaks in an answer ended by closing is not taken for its end',
  async (t) => {
    const rig = await openRig(t)
    const port = await rawBackend(t, (socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\nhalf')
        setTimeout(() => socket.resetAndDestroy(), 20)
      })
    })
    rig.route(port)
    const client = dial(t, rig.port).send(keepAlive)
    await client.all()
    t.equal(client.ended, 'reset')
  },
)

t.test(
  'an answer ended by closing reaches the client whole, and its connection ends',
  async (t) => {
    for (const version of ['1.0', '1.1']) {
      const rig = await openRig(t)
      rig.route(
        await answering(t, `HTTP/${version} 200 OK\r\nX: y\r\n\r\nto the end`, { closes: true }),
      )
      const client = dial(t, rig.port).send(keepAlive)
      const answer = await client.all()
      t.match(answer, /^HTTP\/1\.1 200 OK\r\nX: y\r\nConnection: close\r\n\r\nto the end$/)
      t.equal(client.ended, 'fin')
    }
  },
)

t.test('HEAD, 204 and 304 have no body, and the connection is good for more', async (t) => {
  const cases = [
    ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n', /Content-Length: 1000/],
    ['HEAD', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', /Transfer-Encoding/],
    ['GET', 'HTTP/1.1 204 No Content\r\n\r\n', /204/],
    ['GET', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 1000\r\n\r\n', /Content-Length: 1000/],
  ] as const
  for (const [method, bytes, shown] of cases) {
    const rig = await openRig(t)
    let connections = 0
    const port = await rawBackend(t, (socket) => {
      connections += 1
      socket.on('data', () => socket.write(bytes))
    })
    rig.route(port)
    const client = dial(t, rig.port)
    for (let i = 0; i < 3; i += 1) {
      client.text = ''
      client.send(`${method} / HTTP/1.1\r\nHost: a.test\r\n\r\n`)
      t.match(await client.until('\r\n\r\n'), shown)
    }
    t.equal(connections, 1)
  }
})

t.test('a 204 that claims a body is passed on without the claim', async (t) => {
  const rig = await openRig(t)
  rig.route(
    await answering(
      t,
      'HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
    ),
  )
  const answer = await ask(t, rig.port, get())
  t.notMatch(answer, /chunked|hello/)
})

t.test('bytes after an answer are never part of the next one', async (t) => {
  const rig = await openRig(t)
  rig.route(
    await answering(
      t,
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil',
    ),
  )
  const client = dial(t, rig.port)
  for (let i = 0; i < 3; i += 1) {
    client.text = ''
    t.notMatch(await client.send(keepAlive).until('ok'), /evil/)
  }
})

t.test('bytes on an idle connection are thrown away with it', async (t) => {
  const rig = await openRig(t)
  const port = await rawBackend(t, (socket) => {
    socket.on('data', () => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
      setTimeout(() => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil'), 10)
    })
  })
  rig.route(port)
  const client = dial(t, rig.port).send(keepAlive)
  await client.until('ok')
  await new Promise((resolve) => setTimeout(resolve, 40))
  client.text = ''
  t.notMatch(await client.send(keepAlive).until('ok'), /evil/)
})

t.test('interim answers are passed on, but not to HTTP/1.0', async (t) => {
  const rig = await openRig(t)
  const hints = 'HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n'
  rig.route(await answering(t, `${hints}${hints}HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok`))
  t.equal((await ask(t, rig.port, get())).split('103 Early Hints').length, 3)
  const old = await ask(t, rig.port, 'GET / HTTP/1.0\r\nHost: a.test\r\n\r\n')
  t.match(old, /^HTTP\/1\.1 200 OK/)
})

t.test(
  'trailers, extensions and strange fields of an answer pass; those for one hop do not',
  async (t) => {
    const rig = await openRig(t)
    const body = '2;a=b\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n'
    rig.route(
      await answering(
        t,
        `HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\nX: \xe9\r\nKeep-Alive: timeout=9\r\nX-Hop: 1\r\nConnection: keep-alive, x-hop\r\n\r\n${body}`,
      ),
    )
    const answer = await ask(t, rig.port, get())
    t.equal(bodyOf(answer), body)
    t.match(answer, /X: \xe9\r\n/)
    t.notMatch(answer, /keep-alive|X-Hop/i)
  },
)

t.test('an app may answer before it has read the request; the connection then ends', async (t) => {
  const rig = await openRig(t)
  const app = await httpBackend(t, (_, response) => {
    response.writeHead(413, { connection: 'close' }).end('too large')
  })
  rig.route(app.port)
  const client = dial(t, rig.port)
  client.send('POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1000000\r\n\r\nbegin')
  const answer = await client.all()
  t.equal(statusOf(answer), 413)
  t.match(answer, /Connection: close\r\n/)
  t.equal(client.ended, 'fin')
})

t.test('events flow at once, one by one', async (t) => {
  const rig = await openRig(t)
  let emit: (text: string) => void = () => undefined
  const app = await httpBackend(t, (_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
    emit = (text) => response.write(text)
  })
  rig.route(app.port)
  const client = dial(t, rig.port).send(keepAlive)
  await client.until('event-stream')
  for (const text of ['data: one\n\n', 'data: two\n\n']) {
    emit(text)
    await client.until(text)
  }
  t.pass()
})

t.test('pages of our own are small, plain and complete', async (t) => {
  const rig = await openRig(t)
  rig.route()
  const none = await ask(t, rig.port, get())
  t.equal(statusOf(none), 503)
  t.match(none, /<p>The app is not running at the moment.<\/p>/)
  const unknown = await ask(
    t,
    rig.port,
    'GET / HTTP/1.1\r\nHost: b.test\r\nConnection: close\r\n\r\n',
  )
  t.match(unknown, /^HTTP\/1\.1 404 Not Found\r\n[^]*<p>There is no app at this address.<\/p>/)
  t.equal(Number(/Content-Length: (\d+)/.exec(unknown)?.[1]), bodyOf(unknown).length)
  const head = await ask(
    t,
    rig.port,
    'HEAD / HTTP/1.1\r\nHost: b.test\r\nConnection: close\r\n\r\n',
  )
  t.equal(bodyOf(head), '')
})

t.test(
  'an answer may begin before the request has ended, both flow, and then the connection ends',
  async (t) => {
    const rig = await openRig(t)
    const app = await httpBackend(t, (request, response) => request.pipe(response))
    rig.route(app.port)
    const client = dial(t, rig.port)
    client.send('POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 8\r\n\r\nhalf')
    await client.until('half')
    t.match(await client.send('rest').all(), /Connection: close\r\n[^]*rest\r\n0\r\n\r\n$/)
  },
)
