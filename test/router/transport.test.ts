import { once } from 'node:events'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ConnectionOptions } from 'node:tls'
import type { Test } from 'tap'
import t from 'tap'
import type { ListenOptions } from '#router/transport/transport.ts'
import { call, listenOn, Notes, testCertificates } from './lines.ts'
import type { Bench } from './lines.ts'

const certificates = await testCertificates()
const kinds = (['net', 'handle'] as const).flatMap((kind) => [
  { name: `${kind}, plain`, kind, options: {}, secure: null },
  { name: `${kind}, TLS`, kind, options: { tls: { certificates } }, secure: {} },
])

interface Pair extends Bench {
  readonly socket: Socket
  readonly notes: Notes
}

const much = Buffer.alloc(6_000_000, 'slipway ')

/** All bytes until the end, or until the connection breaks. */
function collect(socket: Socket): Promise<{ bytes: Buffer; ended: 'fin' | 'reset' }> {
  const parts: Buffer[] = []
  return new Promise((resolve) => {
    let ended: 'fin' | 'reset' = 'reset'
    socket.on('data', (part: Buffer) => parts.push(part))
    socket.on('end', () => {
      ended = 'fin'
      socket.destroy()
    })
    socket.on('close', () => resolve({ bytes: Buffer.concat(parts), ended })).resume()
  })
}

/** A transport that listens, and the other end of a connection to it. */
async function pair(
  t: Test,
  kind: 'net' | 'handle',
  options: ListenOptions,
  secure: ConnectionOptions | null,
  prepare?: (notes: Notes) => void,
): Promise<Pair> {
  const bench = await listenOn(t, kind, options, prepare)
  const socket = call(t, bench.port, secure)
  return { ...bench, socket, notes: await bench.next() }
}

for (const { name, kind, options, secure } of kinds) {
  const open = (t: Test, prepare?: (notes: Notes) => void): Promise<Pair> =>
    pair(t, kind, options, secure, prepare)

  t.test(`${name}: bytes come and go, and it says who is there`, async (t) => {
    const { socket, notes, port } = await open(t)
    socket.write('hello')
    await notes.until(() => notes.text === 'hello')
    const { line } = notes
    line?.writeText('gr\xfc\xdfe ')
    line?.writeBytes(Buffer.from('xyz'), 1, 2)
    line?.writeBytes(Buffer.from('xyz'), 1, 1)
    line?.writeText('!')
    let text = ''
    socket.on('data', (bytes: Buffer) => (text += bytes.toString('latin1')))
    while (text.length < 8) await sleep(2)
    t.equal(text, 'gr\xfc\xdfe y!')
    t.match(line, {
      remoteAddress: '127.0.0.1',
      remotePort: socket.localPort,
      localPort: port,
      isSecure: secure !== null,
      serverName: secure === null ? '' : 'a.test',
    })
  })

  t.test(`${name}: an end is told, and the other direction goes on`, async (t) => {
    const { socket, notes } = await open(t)
    const all = collect(socket)
    socket.end('bye')
    await notes.until(() => notes.events.includes('end'))
    await sleep(10)
    t.same(notes.events, ['bytes', 'end'])
    notes.line?.writeText('still ')
    notes.line?.writeText('here')
    notes.line?.shutDown()
    notes.line?.writeText('not this')
    t.match(await all, { bytes: Buffer.from('still here'), ended: 'fin' })
    await notes.until(() => notes.events.includes('closed'))
    t.same(notes.events, ['bytes', 'end', 'closed'])
  })

  t.test(`${name}: shutting down first leaves the other side to speak`, async (t) => {
    const { socket, notes } = await open(t)
    notes.line?.writeText('go on')
    notes.line?.shutDown()
    socket.resume()
    await once(socket, 'end')
    socket.end('thanks')
    await notes.until(() => notes.events.includes('closed'))
    t.equal(notes.text, 'thanks')
    t.same(notes.events, ['bytes', 'end', 'closed'])
  })

  t.test(`${name}: more than fits congests it, drains, and arrives whole`, async (t) => {
    const { socket, notes } = await open(t)
    const { line } = notes
    socket.pause()
    for (let at = 0; at < much.length; at += 1_000_000) line?.writeBytes(much, at, at + 1_000_000)
    line?.writeText('end')
    t.match(line, { isCongested: true, isFlushed: false })
    const all = collect(socket)
    await notes.until(() => notes.events.includes('drained'))
    t.match(line, { isCongested: false, isFlushed: true })
    line?.shutDown()
    const { bytes, ended } = await all
    t.equal(ended, 'fin')
    t.ok(bytes.equals(Buffer.concat([much, Buffer.from('end')])))
  })

  t.test(`${name}: what was written before a shutdown is sent before the end`, async (t) => {
    const { socket, notes } = await open(t)
    notes.line?.writeBytes(much, 0, much.length)
    notes.line?.shutDown()
    const { bytes, ended } = await collect(socket)
    t.equal(ended, 'fin')
    t.ok(bytes.equals(much))
    t.notOk(notes.events.includes('drained'))
  })

  t.test(`${name}: lent bytes may be written on, however slowly they leave`, async (t) => {
    const { socket, notes } = await open(t, (notes) => {
      notes.onBytesDo = (bytes) => {
        notes.line?.writeBytes(bytes, 0, bytes.length)
        if (notes.line?.isCongested === true) notes.line.pause()
      }
      notes.onDrainedDo = () => notes.line?.resume()
      notes.onEndDo = () => notes.line?.shutDown()
    })
    socket.end(much)
    await sleep(20)
    const { bytes } = await collect(socket)
    t.ok(bytes.equals(much))
    t.equal(notes.size, much.length)
  })

  t.test(`${name}: lent bytes may be written on by who does not pause`, async (t) => {
    const { socket } = await open(t, (notes) => {
      notes.onBytesDo = (bytes) => notes.line?.writeBytes(bytes, 0, bytes.length)
      notes.onEndDo = () => notes.line?.shutDown()
    })
    socket.end(much)
    await sleep(50)
    const { bytes } = await collect(socket)
    t.ok(bytes.equals(much))
  })

  t.test(`${name}: a pause holds the other side back until it is resumed`, async (t) => {
    const { socket, notes } = await open(t, (notes) => notes.line?.pause())
    socket.write(much)
    await sleep(50)
    t.equal(notes.size, 0)
    t.ok(socket.writableLength > 0)
    notes.line?.resume()
    await notes.until(() => notes.size > 0)
    notes.line?.pause()
    await sleep(20)
    const { size } = notes
    await sleep(20)
    t.equal(notes.size, size)
    notes.line?.resume()
    await notes.until(() => notes.size === much.length)
  })

  t.test(`${name}: closing is an end for the other side and silence for ours`, async (t) => {
    const { socket, notes } = await open(t)
    const all = collect(socket)
    notes.line?.writeText('last words')
    notes.line?.shutDown()
    notes.line?.close()
    notes.line?.close()
    notes.line?.abort()
    notes.line?.resume()
    notes.line?.writeText('into the wind')
    await all
    await sleep(10)
    t.same(notes.events, [])
  })

  t.test(`${name}: aborting is seen as an error, with bytes unsent too`, async (t) => {
    for (const size of [0, much.length]) {
      const { socket, notes } = await open(t)
      notes.line?.writeBytes(much, 0, size)
      notes.line?.abort()
      t.equal((await collect(socket)).ended, 'reset')
      t.same(notes.events, [])
    }
  })

  t.test(`${name}: aborting in the middle of a shutdown leaves nothing open`, async (t) => {
    const { socket, notes } = await open(t)
    socket.pause()
    notes.line?.writeBytes(much, 0, much.length)
    notes.line?.shutDown()
    notes.line?.abort()
    const { bytes } = await collect(socket)
    t.ok(bytes.length < much.length)
    const other = await open(t)
    other.notes.line?.shutDown()
    other.notes.line?.abort()
    await collect(other.socket)
  })

  t.test(`${name}: a reset by the other side closes it, once`, async (t) => {
    const { socket, notes } = await open(t)
    await sleep(10)
    // Over TLS the socket below has to be reset.
    const { _parent: tcp } = socket as unknown as { _parent: Socket | null }
    ;(tcp ?? socket).resetAndDestroy()
    await notes.until(() => notes.events.includes('closed'))
    notes.line?.writeText('x')
    await sleep(10)
    t.same(notes.events, ['closed'])
  })

  t.test(
    `${name}: a write after the other side has gone closes it, not within the call`,
    async (t) => {
      const { socket, notes } = await open(t)
      notes.line?.pause()
      await sleep(5)
      socket.destroy()
      while (!notes.events.includes('closed')) {
        const before = notes.events.length
        for (let i = 0; i < 3; i += 1) notes.line?.writeBytes(much, 0, 50_000)
        t.equal(notes.events.length, before)
        await sleep(5)
      }
      t.equal(notes.count('closed'), 1)
    },
  )

  t.test(`${name}: what a receiver throws costs its own connection only`, async (t) => {
    const bench = await listenOn(t, kind, options, (notes) => {
      notes.onBytesDo = (bytes) => {
        if (bytes.toString() === 'bug') throw new Error('a bug')
        notes.line?.writeText('fine')
      }
    })
    const good = call(t, bench.port, secure)
    const goodNotes = await bench.next()
    const bad = call(t, bench.port, secure)
    const badNotes = await bench.next()
    bad.write('bug')
    t.equal((await collect(bad)).ended, 'reset')
    await badNotes.until(() => badNotes.events.includes('closed'))
    t.match(bench.bugs, [{ message: 'a bug' }])
    good.write('go')
    t.equal(String((await once(good, 'data'))[0]), 'fine')
    t.same(goodNotes.events, ['bytes'])
  })

  t.test(`${name}: it may be closed within any event`, async (t) => {
    for (const end of ['close', 'abort'] as const) {
      const closing =
        (notes: Notes): (() => void) =>
        () =>
          notes.line?.[end]()
      const inBytes = await open(t, (notes) => (notes.onBytesDo = closing(notes)))
      inBytes.socket.write('x')
      await collect(inBytes.socket)
      const inEnd = await open(t, (notes) => (notes.onEndDo = closing(notes)))
      inEnd.socket.end()
      await collect(inEnd.socket)
      const inDrained = await open(t, (notes) => (notes.onDrainedDo = closing(notes)))
      inDrained.notes.line?.writeBytes(much, 0, much.length)
      await collect(inDrained.socket)
      await sleep(5)
      t.same(inBytes.notes.events, ['bytes'])
      t.same(inEnd.notes.events, ['end'])
      t.same(inDrained.notes.events, ['drained'])
      t.same([...inBytes.bugs, ...inEnd.bugs, ...inDrained.bugs], [])
    }
  })
}

for (const kind of ['net', 'handle'] as const) {
  t.test(`${kind}: a connection of ours is told of, used and ended`, async (t) => {
    const bench = await listenOn(t, kind)
    for (const host of ['127.0.0.1', '::ffff:127.0.0.1']) {
      const caller = new Notes()
      caller.line = bench.network.connect({ host, port: bench.port }, caller)
      const called = await bench.next()
      await caller.until(() => caller.events.includes('connected'))
      caller.line.writeText('ask')
      await called.until(() => called.text === 'ask')
      called.line?.writeText('answer')
      called.line?.shutDown()
      await caller.until(() => caller.events.includes('end'))
      caller.line.shutDown()
      await caller.until(() => caller.events.includes('closed'))
      t.same(caller.events, ['connected', 'bytes', 'end', 'closed'])
      t.equal(caller.text, 'answer')
    }
  })

  t.test(`${kind}: what cannot be connected is closed, after the call`, async (t) => {
    const bench = await listenOn(t, kind)
    for (const port of [1, 70_000]) {
      if (kind === 'net' && port > 65_535) continue
      const caller = new Notes()
      caller.line = bench.network.connect({ host: '127.0.0.1', port }, caller)
      t.same(caller.events, [])
      await caller.until(() => caller.events.includes('closed'))
      t.same(caller.events, ['closed'])
    }
  })

  t.test(`${kind}: closing before it is connected is silent`, async (t) => {
    const bench = await listenOn(t, kind)
    const caller = new Notes()
    bench.network.connect({ host: '127.0.0.1', port: bench.port }, caller).close()
    const other = new Notes()
    bench.network.connect({ host: '127.0.0.1', port: bench.port }, other).abort()
    await sleep(20)
    t.same([caller.events, other.events], [[], []])
  })

  t.test(`${kind}: a taken address is an error with the system's code`, async (t) => {
    const { network, port } = await listenOn(t, kind)
    await t.rejects(
      network.listen({ host: '127.0.0.1', port }, () => null),
      { code: 'EADDRINUSE' },
    )
  })
}
