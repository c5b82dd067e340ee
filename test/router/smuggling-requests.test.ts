import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import { eachTransport as t } from './each-transport.ts'
import { dial, openRig } from './rig.ts'
import { openReaders } from './smuggling/readers.ts'
import { ambiguous } from './smuggling/requests.ts'

const last = 'GET /last HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n'

/** An app that keeps what came over each of its connections, byte for byte. */
async function recordingApp(t: Test): Promise<{ port: number; takeAll: () => Buffer[] }> {
  let connections: Buffer[][] = []
  const server = http.createServer((request, response) => {
    request.resume().on('end', () => response.end('ok'))
  })
  server.on('connection', (socket) => {
    const chunks: Buffer[] = []
    connections.push(chunks)
    socket.on('data', (chunk: Buffer) => chunks.push(Buffer.from(chunk)))
  })
  server.on('upgrade', (_, socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  const takeAll = (): Buffer[] => {
    const taken = connections.map((chunks) => Buffer.concat(chunks))
    connections = []
    return taken.filter((bytes) => bytes.length > 0)
  }
  return { port: (server.address() as AddressInfo).port, takeAll }
}

t.test('whatever is passed on, others read as the same requests as we do', async (t) => {
  let forwarded = 0
  const observer = {
    ended: ({ instance }: { instance: unknown }) => (forwarded += instance === null ? 0 : 1),
  }
  const rig = await openRig(
    t,
    { headMs: 300, bodyIdleMs: 300, lingerMs: 50, instanceIdleMs: 0 },
    { observer },
  )
  const app = await recordingApp(t)
  rig.route(app.port)
  const readers = await openReaders(t)
  let passed = 0
  for (const { name, text } of ambiguous) {
    forwarded = 0
    const client = dial(t, rig.port).send(text + last)
    await client.all().catch(() => undefined)
    await sleep(0)
    const connections = app.takeAll()
    passed += connections.length > 0 ? 1 : 0
    const readings = await Promise.all(
      readers.map(async (reader) => {
        const parts: string[] = []
        for (const bytes of connections) parts.push(...(await reader.read(bytes)))
        return parts
      }),
    )
    const [first = []] = readings
    const same = readings.every((reading) => JSON.stringify(reading) === JSON.stringify(first))
    if (!same || first.length > forwarded) {
      t.same(
        readings,
        readings.map(() => first),
        `${name}: ${forwarded} forwarded, as ${JSON.stringify(connections.map((one) => one.toString('latin1')))}`,
      )
    }
  }
  t.ok(passed > 60, `${passed} of ${ambiguous.length} were passed on, the rest refused`)
})
