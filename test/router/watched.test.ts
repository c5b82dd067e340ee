import { setTimeout as pause } from 'node:timers/promises'
import type { Test } from 'tap'
import type { Limits } from '#router/proxy/limits.ts'
import { standingsOf } from '#router/watch/standings.ts'
import { openWatch } from '#router/watch/watch.ts'
import type { Watch } from '#router/watch/watch.ts'
import { eachTransport as t } from './each-transport.ts'
import { FakeLogs, silent } from './observed.ts'
import { ask, dial, get, httpBackend, openRig, rawBackend } from './rig.ts'
import type { Rig } from './rig.ts'

interface Watched extends Rig {
  readonly watch: Watch
  /** The access lines of what has ended, when there are so many. */
  readonly lines: (count: number) => Promise<string[]>
}

/** A proxy that is watched. */
async function openWatched(t: Test, limits: Partial<Limits> = {}): Promise<Watched> {
  const logs = new FakeLogs()
  const sources = { standings: () => standingsOf(rig.routes) }
  const watch = openWatch({ log: silent, send: logs.send, sources, limits: { everyMs: 60_000 } })
  t.teardown(() => watch.close())
  const rig = await openRig(t, limits, { observer: watch })
  const lines = async (count: number): Promise<string[]> => {
    for (let tries = 0; logs.texts('a').length < count && tries < 200; tries += 1) {
      await pause(10)
      await watch.flush()
    }
    return logs.texts('a')
  }
  return { ...rig, watch, lines }
}

function valueOf(watch: Watch, family: string, series = ''): number | undefined {
  const found = watch.snapshot().find(({ name }) => name === `slipway_router_${family}`)
  return new Map(found?.samples).get(series)
}

t.test('a request through the proxy leaves one line with its id, address and size', async (t) => {
  const rig = await openWatched(t)
  const { port, lines } = rig
  const backend = await httpBackend(t)
  rig.route(backend.port)
  const answer = await ask(t, port, get('/hello?x=1'))
  const [line = ''] = await lines(1)
  const id = String(backend.seen[0]?.headers['x-request-id'])
  t.match(
    line,
    new RegExp(
      `^at=info method=GET path="/hello\\?x=1" host=a\\.test request_id=${id} fwd="127\\.0\\.0\\.1" ` +
        `dyno=a\\.${backend.port} connect=\\d+ms service=\\d+ms status=200 bytes=${answer.length} protocol=${rig.scheme}${rig.scheme === 'https' ? ' tls=true' : ''}$`,
    ),
  )
})

t.test('each way to go wrong has its code', async (t) => {
  const rig = await openWatched(t, { firstByteMs: 200 })
  const { port, lines } = rig
  const gone = await rawBackend(t, (socket) => socket.destroy())
  const mute = await rawBackend(t, () => undefined)
  const mad = await rawBackend(t, (socket) => socket.write('no HTTP\r\n\r\n'))
  const short = await rawBackend(t, (socket) =>
    socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf'),
  )
  for (const [backend, code] of [
    [1, 'H21'],
    [gone, 'H13'],
    [mute, 'H12'],
    [mad, 'H17'],
    [short, 'H18'],
  ] as const) {
    rig.route(backend)
    const before = (await lines(0)).length
    await ask(t, port, get('/', 'Content-Length: 1\r\n').replace('GET', 'POST') + 'x').catch(
      () => '',
    )
    const [line = ''] = (await lines(before + 1)).slice(before)
    t.match(line, `at=error code=${code} desc="`, code)
  }
  rig.route()
  await ask(t, port, get())
  t.match((await lines(6)).at(-1), 'code=H14 desc="No web processes running"')
})

t.test('what belongs to no app is in the metrics only', async (t) => {
  const rig = await openWatched(t)
  const { port, watch, lines } = rig
  rig.route()
  await ask(t, port, get().replace('a.test', 'nobody.test'))
  await ask(t, port, 'no request\r\n\r\n')
  t.same(await lines(0), [])
  const none = 'app="none",environment="",status="4xx",protocol="http/1.1"'
  t.equal(valueOf(watch, 'requests_total', `{${none}}`), 2)
})

t.test('a tunnel is counted while it is open, and has its line when it has ended', async (t) => {
  const rig = await openWatched(t)
  const { port, watch, lines } = rig
  const backend = await rawBackend(t, (socket) => {
    socket.once('data', () => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n')
    })
    socket.on('end', () => socket.end())
  })
  rig.route(backend)
  const client = dial(t, port)
  client.send('GET /ws HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n')
  await client.until('101')
  const own = '{app="a",environment="production"}'
  t.equal(valueOf(watch, 'tunnels_total'), 1)
  t.equal(valueOf(watch, 'connections'), 1)
  t.same(await lines(0), [])
  client.socket.end()
  t.match((await lines(1))[0], /path="\/ws" .* status=101 /)
  t.equal(valueOf(watch, 'tunnels', own), 0)
  t.equal(valueOf(watch, 'duration_seconds', '_count'), 0)
})

t.test('a receipt counts real requests: served, the app’s errors, and ours', async (t) => {
  const rig = await openWatched(t)
  const { port, watch, lines } = rig
  const { port: good } = await httpBackend(t, (request, response) => {
    response.statusCode = request.url === '/bad' ? 500 : 200
    response.end('x')
  })
  rig.route(good)
  watch.receipts.open('a/production', 'd')
  for (const path of ['/', '/', '/bad']) await ask(t, port, get(path))
  rig.route()
  await ask(t, port, get())
  await lines(4)
  t.match(watch.receipts.close('d'), { complete: true, served: 3, failed: 1, app_errors: 1 })
})

t.test('a request that had to wait says how long, in its line and in the receipt', async (t) => {
  const rig = await openWatched(t, { holdMs: 5000 })
  const { port, watch, lines } = rig
  const { port: backend } = await httpBackend(t)
  rig.route()
  watch.receipts.open('a/production', 'd')
  const answer = ask(t, port, get('/held'))
  // From here on it waits; before, its connection was made.
  while (valueOf(watch, 'waiting', '{app="other",environment=""}') !== 1) await pause(1)
  await pause(150)
  rig.route(backend)
  t.match(await answer, 'HTTP/1.1 200')
  const heldMs = Number(/ held=(\d+)ms$/.exec((await lines(1))[0] ?? '')?.[1])
  t.ok(heldMs >= 140 && heldMs < 3000, `${heldMs} ms`)
  t.match(watch.receipts.close('d'), { served: 1, held: 1, failed: 0, longest_hold_ms: heldMs })
  t.equal(valueOf(watch, 'held_total', '{app="a",environment="production"}'), 1)
})
