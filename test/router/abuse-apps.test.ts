import type { Socket } from 'node:net'
import type { Test } from 'tap'
import { allOf, fateOf, memoryOf, noncesBackend, openStage, reset } from './abuse-rig.ts'
import type { Fate, Stage } from './abuse-rig.ts'
import { eachTransport as t } from './each-transport.ts'
import { ask, dial, get, httpBackend, rawBackend, statusOf } from './rig.ts'

const limits = {
  headMs: 500,
  bodyIdleMs: 500,
  firstByteMs: 500,
  rollingMs: 500,
  connectMs: 500,
  instanceIdleMs: 200,
  keepAliveMs: 300,
  lingerMs: 50,
}
const ok = 'HTTP/1.1 200 OK\r\n'
const host = 'Host: a.test\r\n'

/** Writes the same piece again and again, as fast as it is taken, until somebody has enough. */
function endlessly(socket: Socket, begin: string, piece: string): void {
  const block = piece.repeat(Math.ceil(16_384 / piece.length))
  const more = (): void => {
    while (!socket.destroyed && socket.write(block, 'latin1'));
  }
  socket.write(begin, 'latin1')
  socket.on('drain', more)
  more()
}

interface Hostile {
  readonly name: string
  readonly serve: (socket: Socket) => void
  /**
   * What its client sees: a page of ours with this status, the app's own answer, whole or visibly cut,
   * or, depending on what came in one piece, 502 or an answer that was cut.
   */
  readonly sees: number | Fate | 'told'
}

const chunked = `${ok}Transfer-Encoding: chunked\r\n\r\n`
const hostile: readonly Hostile[] = [
  { name: 'a head without end', serve: (s) => endlessly(s, ok, 'X-A: b\r\n'), sees: 502 },
  { name: 'a field without end', serve: (s) => endlessly(s, `${ok}X-A: `, 'b'), sees: 502 },
  { name: 'a field name without end', serve: (s) => endlessly(s, ok, 'b'), sees: 502 },
  { name: 'a reason without end', serve: (s) => endlessly(s, 'HTTP/1.1 200 ', 'O'), sees: 502 },
  {
    name: 'interim answers without end',
    serve: (s) => endlessly(s, '', 'HTTP/1.1 103 Early\r\nLink: x\r\n\r\n'),
    sees: 502,
  },
  { name: 'trailers without end', serve: (s) => endlessly(s, `${chunked}0\r\n`, 'X-T: 1\r\n'), sees: 'told' },
  { name: 'a trailer without end', serve: (s) => endlessly(s, `${chunked}0\r\nX-T: `, '1'), sees: 'told' },
  { name: 'an extension without end', serve: (s) => endlessly(s, `${chunked}5;a=`, 'b'), sees: 'told' },
  { name: 'extensions without end', serve: (s) => endlessly(s, `${chunked}5`, ';a=b'), sees: 'told' },
  { name: 'a chunk size without end', serve: (s) => endlessly(s, chunked, '0'), sees: 'told' },
  { name: 'zeros, and then garbage', serve: (s) => endlessly(s, `${ok}Content-Length: 5\r\n\r\nhello`, '\0'), sees: 'whole' },
  { name: 'nothing at all', serve: () => undefined, sees: 504 },
  { name: 'half a head, and silence', serve: (s) => s.write(`${ok}X-A`), sees: 504 },
  { name: 'half a body, and silence', serve: (s) => s.write(`${ok}Content-Length: 9\r\n\r\nhell`), sees: 'cut' },
  { name: 'half a page that ends with the connection, and silence', serve: (s) => s.write(`${ok}\r\nhell`), sees: 'cut' },
] // prettier-ignore

/** Asks the hostile app, with a body if told, and gives what came of it. */
async function see(t: Test, stage: Stage, request = get()): Promise<number | Fate> {
  const client = dial(t, stage.port).send(request)
  await allOf(client)
  const ours = client.text.indexOf('HTTP/1.1 5')
  return ours < 0 ? fateOf(client) : statusOf(client.text.slice(ours))
}

t.test('whatever an app does without end, its client learns, and nobody is hurt', async (t) => {
  const stage = await openStage(t, limits)
  for (const { name, serve, sees } of hostile) {
    stage.route(await rawBackend(t, (socket) => socket.once('data', () => serve(socket))))
    let seen: (number | Fate)[] = []
    const memory = await memoryOf(async () => {
      const asking = Promise.all(Array.from({ length: 10 }, () => see(t, stage)))
      await stage.keepAsking(asking)
      seen = await asking
    })
    const meant = sees === 'told' ? [502, 'cut'] : [sees]
    if (!seen.every((one) => meant.includes(one))) t.fail(`${name}: ${seen.join(' ')}`)
    if (memory > 64) t.fail(`${name}: ${memory.toFixed(0)} MiB`)
  }
  await stage.settled()
})

const answers: readonly { readonly text: string; readonly headBytes: number }[] = [
  `${ok}Content-Length: 12\r\nX-A: b\r\n\r\nhello, world`,
  `${chunked}5\r\nhello\r\n7;a=b\r\n, world\r\n0\r\nX-T: 1\r\n\r\n`,
].map((text) => ({ text, headBytes: text.indexOf('\r\n\r\n') + 4 }))

for (const [how, leave] of [
  ['ends', (socket: Socket) => void socket.end()],
  ['is reset', (socket: Socket) => void setImmediate(reset, socket)],
] as const) {
  t.test(`an answer whose connection ${how} at any byte is whole or visibly cut`, async (t) => {
    const stage = await openStage(t, limits)
    let [text, size] = ['', 0]
    const serve = (socket: Socket): void => {
      socket.once('data', () => socket.write(text.slice(0, size), () => leave(socket)))
    }
    stage.route(await rawBackend(t, serve))
    for (const answer of answers) {
      text = answer.text
      for (size = 0; size < text.length; size += 1) {
        const seen = await see(t, stage)
        const meant: (number | Fate)[] = size < answer.headBytes ? [502] : ['cut']
        if (how === 'is reset') meant.push(502)
        if (!meant.includes(seen)) t.fail(`${size} bytes of ${JSON.stringify(text)}: ${seen}`)
      }
      if (how === 'ends') t.equal(await see(t, stage), 'whole')
      await stage.askBystander()
    }
    await stage.settled()
  })
}

t.test('a page that ends with its connection never ends in order when that is reset', async (t) => {
  const stage = await openStage(t, limits)
  const serve = (socket: Socket): void => {
    socket.once('data', () => socket.write(`${ok}\r\nhello`, () => setTimeout(reset, 20, socket)))
  }
  stage.route(await rawBackend(t, serve))
  t.equal(await see(t, stage), 'cut')
  await stage.settled()
})

/** How an app may leave, by the time it does. */
const departures: readonly { readonly name: string; readonly serve: (socket: Socket) => void }[] = [
  { name: 'when it is connected', serve: reset },
  { name: 'at the first byte', serve: (socket) => socket.once('data', () => reset(socket)) },
  {
    name: 'after its answer',
    serve: (socket) =>
      socket.on('data', () => {
        socket.write(`${ok}Content-Length: 2\r\n\r\nhi`)
        setTimeout(reset, 2, socket)
      }),
  },
  {
    name: 'in a tunnel',
    serve: (socket) =>
      socket.once('data', () => {
        socket.write('HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nhi')
        setTimeout(reset, 10, socket)
      }),
  },
  {
    name: 'when the body comes',
    serve: (socket) => socket.once('data', () => socket.once('data', () => reset(socket))),
  },
]

t.test('an app that resets its connections hurts itself alone', async (t) => {
  const stage = await openStage(t, limits)
  const asks = [
    get(),
    `GET / HTTP/1.1\r\n${host}Upgrade: x\r\nConnection: Upgrade\r\n\r\n`,
    `POST / HTTP/1.1\r\n${host}Connection: close\r\nContent-Length: 200000\r\n\r\n${'x'.repeat(200_000)}`,
    `POST / HTTP/1.1\r\n${host}Content-Length: 10\r\nExpect: 100-continue\r\n\r\n`,
  ]
  for (const { serve } of departures) {
    stage.route(await rawBackend(t, serve))
    const asking = Promise.all(asks.flatMap((one) => [1, 2, 3].map(() => see(t, stage, one))))
    await stage.keepAsking(asking)
    await asking
  }
  await stage.settled()
})

t.test('an app that answers before it has read is heard, and then let go', async (t) => {
  const stage = await openStage(t, { ...limits, lingerMs: 300 })
  const early = `${ok}Content-Length: 5\r\n\r\nearly`
  stage.route(await rawBackend(t, (socket) => socket.once('data', () => socket.write(early))))
  const size = 8_000_000
  const request = `POST / HTTP/1.1\r\n${host}Content-Length: ${size}\r\n\r\n`
  const asking = Promise.all(
    Array.from({ length: 20 }, async () => {
      const client = dial(t, stage.port).send(request).send('x'.repeat(size))
      await allOf(client)
      return client.text
    }),
  )
  await stage.keepAsking(asking)
  for (const text of await asking) t.match(text, /Connection: close\r\n\r\nearly$/)
  await stage.settled()
})

t.test('an app that never reads a body is given up, and little is kept of it', async (t) => {
  const stage = await openStage(t, { ...limits, lingerMs: 300 })
  stage.route(await rawBackend(t, (socket) => void socket.pause()))
  const size = 12_000_000
  const request = `POST / HTTP/1.1\r\n${host}Content-Length: ${size}\r\n\r\n${'x'.repeat(size)}`
  const asking = Promise.all(Array.from({ length: 10 }, () => see(t, stage, request)))
  const memory = await memoryOf(() => stage.keepAsking(asking))
  t.same(new Set(await asking), new Set([504]))
  t.ok(memory < 200, `${memory.toFixed(0)} MiB`)
  await stage.settled()
})

t.test('5,000 connects that are refused hurt nobody', async (t) => {
  const stage = await openStage(t, limits)
  const gone = await httpBackend(t)
  await new Promise((resolve) => gone.server.close(resolve))
  stage.route(gone.port)
  const asking = Promise.all(
    Array.from({ length: 20 }, async () => {
      const client = dial(t, stage.port)
      client.send(`GET / HTTP/1.1\r\n${host}\r\n`.repeat(249) + get())
      await allOf(client)
      return client.text.split('HTTP/1.1 503 ').length - 1
    }),
  )
  await stage.keepAsking(asking)
  t.same(new Set(await asking), new Set([250]))
  await stage.settled()
  stage.route(await noncesBackend(t))
  t.equal(statusOf(await ask(t, stage.port, get())), 200)
})
