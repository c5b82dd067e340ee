import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import type { Entry } from '#router/proxy/entry.ts'
import type { Limits } from '#router/proxy/limits.ts'
import { eachTransport as t } from './each-transport.ts'
import type { Rig } from './rig.ts'
import { answering, ask, dial, get, httpBackend, openRig, rawBackend } from './rig.ts'

type Seen = Pick<
  Entry,
  'method' | 'target' | 'host' | 'status' | 'code' | 'bytes' | 'serviceMs'
> & {
  readonly site: string | undefined
  readonly instance: string | undefined
}

async function watched(t: Test, limits: Partial<Limits> = {}): Promise<{ rig: Rig; seen: Seen[] }> {
  const seen: Seen[] = []
  const observer = {
    ended: ({ method, target, host, status, code, bytes, serviceMs, site, instance }: Entry) => {
      const names = { site: site?.key, instance: instance?.id }
      seen.push({ method, target, host, status, code, bytes, serviceMs, ...names })
    },
  }
  const rig = await openRig(t, { lingerMs: 20, ...limits }, { observer })
  return { rig, seen }
}

async function until(isMet: () => boolean): Promise<void> {
  while (!isMet()) await sleep(5)
}

t.test('who watches hears of each request once, with what became of it', async (t) => {
  const { rig, seen } = await watched(t)
  const app = await httpBackend(t, (_, response) => setTimeout(() => response.end('page'), 30))
  rig.route(app.port)
  const answer = await ask(t, rig.port, get('/a/b?c=d'))
  t.match(seen, [{ method: 'GET', target: '/a/b?c=d', host: 'a.test', status: 200, code: null }])
  t.match(seen[0], { site: 'a/production', instance: `a-${app.port}`, bytes: answer.length })
  t.ok((seen[0]?.serviceMs ?? 0) >= 29)
})

t.test('what cannot be read, or belongs to nobody, is heard of too', async (t) => {
  const { rig, seen } = await watched(t)
  await ask(t, rig.port, 'nonsense\r\n\r\n')
  await ask(t, rig.port, 'GET / HTTP/1.1\r\nHost: b.test\r\nConnection: close\r\n\r\n')
  t.match(seen, [{ status: 400 }, { status: 404, host: 'b.test' }])
  t.equal(seen.length, 2)
})

t.test('each way to fail has its code', async (t) => {
  const { rig, seen } = await watched(t, {
    firstByteMs: 100,
    headMs: 100,
    bodyIdleMs: 100,
    rollingMs: 100,
    keepAliveMs: 100,
  })
  const expect = async (code: string, port: number | null, text = get()): Promise<void> => {
    rig.route(...(port === null ? [] : [port]))
    seen.length = 0
    await ask(t, rig.port, text).catch(() => undefined)
    t.match(seen, [{ code }], code)
    t.equal(seen.length, 1)
  }
  const gone = await httpBackend(t)
  await new Promise((resolve) => gone.server.close(resolve))
  await expect('H14', null)
  await expect('H21', gone.port)
  await expect('H12', await rawBackend(t, () => undefined))
  await expect(
    'H13',
    await rawBackend(t, (s) => s.once('data', () => s.destroy())),
    `POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1\r\n\r\nx`,
  )
  await expect('H17', await answering(t, 'HTTP/1.1 nonsense\r\n\r\n'))
  await expect(
    'H18',
    await answering(t, 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf', { closes: true }),
  )
  await expect('H15', await answering(t, 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf'))
  await expect(
    'H28',
    await rawBackend(t, () => undefined),
    `POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 9\r\n\r\nhalf`,
  )
  await expect('H32', null, `GET / HTTP/1.1\r\nHost: a.test\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`)
})

t.test('a client that leaves is heard of', async (t) => {
  const { rig, seen } = await watched(t)
  let asked = 0
  rig.route(await rawBackend(t, (socket) => void socket.on('data', () => (asked += 1))))
  const client = dial(t, rig.port).send(get())
  await until(() => asked === 1)
  client.reset()
  await until(() => seen.length === 1)
  t.match(seen, [{ status: 0, code: 'H27' }])
})

t.test('a tunnel is heard of when it ends, with its time and bytes', async (t) => {
  const { rig, seen } = await watched(t)
  const switching = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n'
  rig.route(await answering(t, switching))
  const client = dial(t, rig.port).send(
    'GET / HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n',
  )
  await client.until('\r\n\r\n')
  await sleep(40)
  t.equal(seen.length, 0)
  client.socket.end()
  await client.all()
  await until(() => seen.length === 1)
  t.match(seen, [{ status: 101, code: null }])
  t.ok((seen[0]?.serviceMs ?? 0) >= 39)
})
