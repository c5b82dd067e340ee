import { setTimeout as sleep } from 'node:timers/promises'
import { eachTransport as t } from './each-transport.ts'
import {
  answering,
  ask,
  dial,
  echoed,
  get,
  httpBackend,
  openRig,
  rawBackend,
  RawClient,
  statusOf,
} from './rig.ts'

const host = 'Host: a.test\r\n'
const request = (path: string): string => `GET ${path} HTTP/1.1\r\n${host}\r\n`
const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

t.test('requests sent ahead are answered in order, one at a time', async (t) => {
  const rig = await openRig(t)
  let atOnce = 0
  let most = 0
  const app = await httpBackend(t, (request, response) => {
    most = Math.max(most, ++atOnce)
    request.resume()
    setTimeout(() => {
      atOnce -= 1
      response.end(request.url)
    }, 5)
  })
  rig.route(app.port)
  const post = `POST /post HTTP/1.1\r\n${host}Content-Length: 4\r\n\r\nbody`
  const chunked = `POST /chunked HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n`
  const unknown = 'GET /404 HTTP/1.1\r\nHost: b.test\r\n\r\n'
  const all = await ask(
    t,
    rig.port,
    request('/one') + post + request('/two') + unknown + chunked + get('/last'),
  )
  const order = [...all.matchAll(/(\/one|\/post|\/two|no app|\/chunked|\/last)/g)].map(
    ([word]) => word,
  )
  t.same(order, ['/one', '/post', '/two', 'no app', '/chunked', '/last'])
  t.equal(most, 1)
})

t.test('a client that asks without end and reads nothing is held back', async (t) => {
  const rig = await openRig(t)
  const body = 'x'.repeat(100_000)
  const app = await httpBackend(t, (_, response) => response.end(body))
  rig.route(app.port)
  const client = dial(t, rig.port)
  client.socket.pause()
  client.send(request('/').repeat(20_000))
  await sleep(300)
  t.ok(app.seen.length < 200, `${app.seen.length} were asked of the app`)
})

t.test('a client that closes its half after the request is still answered', async (t) => {
  const rig = await openRig(t)
  const app = await httpBackend(t, (_, response) => setTimeout(() => response.end('late'), 30))
  rig.route(app.port)
  const client = dial(t, rig.port)
  client.socket.end(request('/1') + request('/2'))
  const answer = await client.all()
  t.equal(answer.match(/late/g)?.length, 2)
  t.equal(client.ended, 'fin')
})

t.test('a client that leaves in the middle of a body takes the request with it', async (t) => {
  const rig = await openRig(t)
  const app = await httpBackend(t, (request) => request.resume().on('error', () => undefined))
  rig.route(app.port)
  const client = dial(t, rig.port).send(`POST / HTTP/1.1\r\n${host}Content-Length: 10\r\n\r\nhalf`)
  while (app.seen.length === 0) await sleep(5)
  const gone = new Promise((resolve) => app.seen[0]?.on('close', resolve))
  client.socket.end()
  await gone
  t.equal(app.seen[0]?.complete, false)
})

t.test('a client that breaks off takes a running answer with it', async (t) => {
  const rig = await openRig(t)
  const gone = Promise.withResolvers<void>()
  const app = await httpBackend(t, (_, response) => {
    response.write('begin')
    response.on('close', () => gone.resolve())
  })
  rig.route(app.port)
  const client = dial(t, rig.port).send(request('/'))
  await client.until('begin')
  client.reset()
  await gone.promise
  t.pass()
})

t.test('a slow reader slows the app down instead of filling our memory', async (t) => {
  const rig = await openRig(t)
  let written = 0
  const port = await rawBackend(t, (socket) => {
    socket.once('data', () => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n')
      const more = (): void => {
        while (!socket.destroyed) {
          written += 65_536
          if (!socket.write(Buffer.alloc(65_536))) return
        }
      }
      socket.on('drain', more)
      more()
    })
  })
  rig.route(port)
  const client = dial(t, rig.port).send(request('/'))
  await client.until('Content-Length')
  client.socket.pause()
  await sleep(200)
  const before = written
  await sleep(200)
  t.equal(written, before)
  t.ok(written < 30_000_000, `${written} bytes are under way`)
})

t.test('a slow app slows the sender down', async (t) => {
  const rig = await openRig(t)
  const port = await rawBackend(t, (socket) => socket.pause())
  rig.route(port)
  const client = dial(t, rig.port).send(
    `POST / HTTP/1.1\r\n${host}Content-Length: 1000000000\r\n\r\n`,
  )
  let sent = 0
  const more = (): void => {
    while (client.socket.writable) {
      sent += 65_536
      if (!client.socket.write(Buffer.alloc(65_536))) return
    }
  }
  client.socket.on('drain', more)
  more()
  await sleep(300)
  const before = sent
  await sleep(200)
  t.equal(sent, before)
})

t.test('each kind of silence has its own end', async (t) => {
  const limits = {
    headMs: 60,
    bodyIdleMs: 60,
    firstByteMs: 60,
    rollingMs: 60,
    keepAliveMs: 60,
    lingerMs: 60,
  }
  const rig = await openRig(t, limits)
  const silent = await rawBackend(t, () => undefined)
  rig.route(silent)
  t.equal(await ask(t, rig.port, ''), '', 'a connection on which nothing comes is closed')
  t.equal(statusOf(await ask(t, rig.port, 'GET / HT')), 408, 'a head that stops')
  const stopped = `POST / HTTP/1.1\r\n${host}Content-Length: 10\r\n\r\nhalf`
  t.equal(statusOf(await ask(t, rig.port, stopped)), 408, 'a body that stops')
  t.equal(statusOf(await ask(t, rig.port, get())), 504, 'an app that does not answer')
  rig.route(await answering(t, 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf'))
  const client = new RawClient(rig.port).send(get())
  await client.all()
  t.equal(client.ended, 'reset', 'an answer that stops')
  rig.route(await answering(t, ok))
  t.match(await ask(t, rig.port, request('/')), /ok$/, 'a connection that is not used is closed')
})

t.test('a head that comes drop by drop must still be whole in time', async (t) => {
  const rig = await openRig(t, { headMs: 150 })
  const client = dial(t, rig.port).send('GET / HTTP/1.1\r\n')
  const drip = setInterval(() => client.send('X: y\r\n'), 20)
  t.equal(statusOf(await client.all()), 408)
  clearInterval(drip)
})

t.test('an app that answers without end is not cut while it goes on', async (t) => {
  const rig = await openRig(t, { firstByteMs: 100, rollingMs: 100 })
  const app = await httpBackend(t, (_, response) => {
    let left = 12
    const timer = setInterval(() => {
      response.write('tick')
      left -= 1
      if (left > 0) return
      clearInterval(timer)
      response.end('done')
    }, 30)
  })
  rig.route(app.port)
  t.match(await ask(t, rig.port, get()), /done/)
})

t.test('more connections than allowed are closed at once', async (t) => {
  const rig = await openRig(t, { connections: 2 })
  rig.route(await answering(t, ok))
  const first = dial(t, rig.port).send(request('/'))
  const second = dial(t, rig.port).send(request('/'))
  await Promise.all([first.until('ok'), second.until('ok')])
  t.equal(await ask(t, rig.port, ''), '')
  first.close()
  await sleep(300)
  t.match(await ask(t, rig.port, get()), /ok$/)
})

t.test('closing ends idle connections at once and lets requests under way end', async (t) => {
  const rig = await openRig(t)
  const app = await httpBackend(t, (_, response) => setTimeout(() => response.end('late'), 100))
  rig.route(app.port)
  const idle = dial(t, rig.port).send(request('/'))
  await idle.until('late')
  const busy = dial(t, rig.port).send(request('/'))
  while (app.seen.length < 2) await sleep(5)
  const closed = rig.close(5000)
  await idle.all()
  const answer = await busy.all()
  t.match(answer, /Connection: close\r\n[^]*late/)
  await closed
})

t.test('the connection to an app is used again', async (t) => {
  const rig = await openRig(t)
  const app = await httpBackend(t)
  let connections = 0
  app.server.on('connection', () => (connections += 1))
  rig.route(app.port)
  for (let i = 0; i < 5; i += 1) t.equal(echoed(await ask(t, rig.port, get(`/${i}`))).url, `/${i}`)
  t.equal(connections, 1)
})
