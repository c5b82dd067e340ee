import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import { allOf, fateOf, memoryOf, openStage, soon } from './abuse-rig.ts'
import type { Stage } from './abuse-rig.ts'
import { eachTransport as t } from './each-transport.ts'
import { dial, rawBackend, statusOf } from './rig.ts'
import type { RawClient } from './rig.ts'

const host = 'Host: a.test\r\n'
/** All deadlines short, and the kernel's buffers no match for the pages. */
const limits = {
  headMs: 600,
  bodyIdleMs: 600,
  firstByteMs: 3000,
  rollingMs: 600,
  keepAliveMs: 600,
  instanceIdleMs: 300,
  lingerMs: 100,
}
const pageBytes = 1_048_576
const nonReaders = 100
const largeBytes = 8 * pageBytes

/** An app with pages of 1 and 8 MiB, that also takes bodies. */
async function pagesBackend(t: Test): Promise<number> {
  const page = Buffer.alloc(largeBytes, 'x')
  const server = http.createServer((request, response) => {
    const size = request.url === '/large' ? largeBytes : pageBytes
    request.resume().on('end', () => {
      if (request.method === 'POST') response.end('taken')
      else response.end(page.subarray(0, size))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return (server.address() as AddressInfo).port
}

/** Sends a text in pieces, one every `everyMs`, until it is over. */
async function drip(client: RawClient, text: string, everyMs: number): Promise<void> {
  for (let at = 0; at < text.length && client.ended === 'open'; at += 1) {
    client.send(text.charAt(at))
    await sleep(everyMs)
  }
}

function many(count: number, make: (index: number) => Promise<void>): Promise<unknown> {
  return Promise.all(Array.from({ length: count }, (_, index) => make(index)))
}

async function slowHead(t: Test, stage: Stage): Promise<void> {
  const client = dial(t, stage.port)
  void drip(client, `GET / HTTP/1.1\r\n${host}X-Slow: ${'x'.repeat(500)}`, 40)
  const answer = await allOf(client)
  if (statusOf(answer) !== 408) t.fail(`a slow head was answered with ${answer}`)
}

async function silent(t: Test, stage: Stage): Promise<void> {
  const client = dial(t, stage.port)
  const answer = await allOf(client)
  if (answer !== '' || client.ended === 'open') t.fail(`silence was answered with ${answer}`)
}

async function stalledBody(t: Test, stage: Stage): Promise<void> {
  const client = dial(t, stage.port)
  client.send(`POST / HTTP/1.1\r\n${host}Content-Length: 100\r\n\r\n`)
  await drip(client, 'xxxxxx', 60)
  const answer = await allOf(client)
  if (statusOf(answer) !== 408) t.fail(`a body that stalled was answered with ${answer}`)
}

async function slowBody(t: Test, stage: Stage): Promise<void> {
  const client = dial(t, stage.port)
  client.send(`POST / HTTP/1.1\r\n${host}Connection: close\r\nContent-Length: 25\r\n\r\n`)
  await drip(client, 'x'.repeat(25), 50)
  const answer = await allOf(client)
  if (!answer.endsWith('taken')) t.fail(`a slow body was answered with ${answer}`)
}

async function noReader(t: Test, stage: Stage): Promise<void> {
  const client = dial(t, stage.port).send(`GET /large HTTP/1.1\r\n${host}\r\n`)
  client.socket.pause()
  await soon(() => stage.entries.filter(({ code }) => code === 'H15').length === nonReaders)
  client.socket.resume()
  await allOf(client)
  if (fateOf(client) !== 'cut')
    t.fail(`who did not read was not cut off: ${client.ended} after ${client.text.length} bytes`)
}

async function slowReader(t: Test, stage: Stage): Promise<void> {
  const client = dial(t, stage.port)
  client.send(`GET / HTTP/1.1\r\n${host}Connection: close\r\n\r\n`)
  while (client.ended === 'open') {
    client.socket.resume()
    await sleep(10)
    client.socket.pause()
    await sleep(50)
    client.socket.resume()
  }
  if (fateOf(client) !== 'whole') t.fail('a slow reader lost a part')
}

t.test('400 slow clients end at their deadlines, and the bystander is served', async (t) => {
  const stage = await openStage(t, limits)
  stage.route(await pagesBackend(t))
  let asked = 0
  const memory = await memoryOf(async () => {
    const slow = Promise.all([
      many(100, () => slowHead(t, stage)),
      many(50, () => silent(t, stage)),
      many(60, () => stalledBody(t, stage)),
      many(40, () => slowBody(t, stage)),
      many(nonReaders, () => noReader(t, stage)),
      many(50, () => slowReader(t, stage)),
    ])
    asked = await stage.keepAsking(slow)
    await slow
  })
  t.ok(asked > 2, `the bystander was asked ${asked} times`)
  t.comment(`${memory.toFixed(0)} MiB`)
  t.ok(memory < 150, `${memory.toFixed(0)} MiB`)
  await stage.settled()
})

t.test('what ends with its connection comes whole, or ends with a reset', async (t) => {
  const stage = await openStage(t, limits)
  const head = 'HTTP/1.1 200 OK\r\n\r\n'
  const app = await rawBackend(t, (socket) => {
    socket.once('data', (bytes: Buffer) => {
      const size = Number(/\d+/.exec(bytes.toString('latin1')))
      socket.write(head)
      socket.end(Buffer.alloc(size, 'x'))
    })
  })
  stage.route(app)
  const fates = new Set<string>()
  await many(120, async (index) => {
    const size = 1_000_000 + 30_000 * index
    const client = dial(t, stage.port).send(`GET /${size} HTTP/1.1\r\n${host}\r\n`)
    client.socket.pause()
    await sleep(500)
    await soon(() => stage.open === 0)
    client.socket.resume()
    await allOf(client)
    const isWhole = client.text.length - client.text.indexOf('\r\n\r\n') - 4 === size
    fates.add(isWhole ? 'whole' : client.ended)
  })
  t.same([...fates].sort(), ['reset', 'whole'])
  await stage.settled()
})

t.test('what is cut when the router goes ends with a reset', async (t) => {
  const stage = await openStage(t, limits)
  const app = await rawBackend(t, (socket) => {
    socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\n\r\nthe first half'))
  })
  stage.route(app)
  const client = dial(t, stage.port).send(`GET / HTTP/1.1\r\n${host}\r\n`)
  await client.until('half')
  await stage.close(50)
  await allOf(client)
  t.equal(client.ended, 'reset')
})
