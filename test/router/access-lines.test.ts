import { once } from 'node:events'
import { mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import t from 'tap'
import type { Test } from 'tap'
import { appendLines } from '#contract/log.ts'
import { Site } from '#router/table/site.ts'
import { openPost } from '#router/watch/post.ts'
import { openWatch } from '#router/watch/watch.ts'
import type { Watch, WatchOptions } from '#router/watch/watch.ts'
import { FakeLogs, silent, someEntry } from './observed.ts'

function watching(t: Test, options: Partial<WatchOptions> = {}): Watch {
  const watch = openWatch({ log: silent, ...options })
  t.teardown(() => watch.close())
  return watch
}

/** The line of one request. */
async function lineOf(t: Test, change: Parameters<typeof someEntry>[0]): Promise<string> {
  const logs = new FakeLogs()
  const watch = watching(t, { send: logs.send })
  watch.ended(someEntry(change))
  await watch.flush()
  return logs.texts().join('\n')
}

t.test('a request becomes a line in the manner of Heroku’s router', async (t) => {
  t.equal(
    await lineOf(t, {}),
    'at=info method=GET path="/x?y=1" host=a.example.org ' +
      'request_id=0123456789abcdef0123456789abcdef fwd="1.2.3.4" dyno=web.1 connect=0ms ' +
      'service=12ms status=200 bytes=512 protocol=http',
  )
})

t.test('a line says what was wrong, what was encrypted, and what had to wait', async (t) => {
  t.match(
    await lineOf(t, { status: 504, code: 'H12', instance: null }),
    /^at=error code=H12 desc="Request timeout" method=GET .* dyno= .* status=504 /,
  )
  t.match(
    await lineOf(t, { scheme: 'https', heldMs: 1234 }),
    / protocol=https tls=true held=1234ms$/,
  )
  t.match(await lineOf(t, { scheme: 'https', protocol: 'h2' }), / tls=true version=h2$/)
  t.match(await lineOf(t, { status: 0, code: 'H27' }), / status= bytes=512 /)
})

t.test('nothing a client sends can end a value, a line or a terminal’s mode', async (t) => {
  const target = '/"\\\x1b[31m\n\xe9 at=error'
  const line = await lineOf(t, { target, host: 'x"y z', requestId: 'a"b\x00 c', method: 'G"T' })
  t.match(line, ' path="/%22%5C%1B[31m%0A%E9 at=error" ')
  t.match(line, ' method=G%22T ')
  t.match(line, ' host=x%22y%20z request_id=a%22b%00%20c ')
  t.match(line, /^[\x20-\x7e]+$/)
})

t.test('a long path is cut, however it is written', async (t) => {
  for (const target of [`/${'x'.repeat(50_000)}`, `/${'"'.repeat(50_000)}`]) {
    const line = await lineOf(t, { target })
    t.ok(line.length < 1400, `${line.length} characters`)
    t.match(line, /…" host=/)
  }
})

t.test('lines go to the log of their own app, in order', async (t) => {
  const logs = new FakeLogs()
  const watch = watching(t, { send: logs.send })
  const blog = new Site({ app: 'blog', environment: 'staging' })
  for (let at = 0; at < 1000; at += 1) {
    watch.ended(someEntry({ target: `/${at}`, ...(at % 2 === 0 ? {} : { site: blog }) }))
  }
  watch.ended(someEntry({ site: null, target: '/nobody' }))
  await watch.flush()
  const paths = (app: string): string[] =>
    logs.texts(app).map((line) => /path="\/(\w+)"/.exec(line)?.[1] ?? line)
  const even = Array.from({ length: 500 }, (_, at) => String(at * 2))
  t.same(paths('shop'), even)
  t.same(
    paths('blog'),
    even.map((at) => String(Number(at) + 1)),
  )
  t.notOk(JSON.stringify(logs.batches).includes('/nobody'))
  t.ok(logs.batches.every((batch) => JSON.stringify(batch).length < 1024 ** 2))
})

t.test('what is more than an app’s share is not said, but counted', async (t) => {
  const logs = new FakeLogs()
  const limits = { linesPerSecond: 10, everyMs: 60_000 }
  const watch = watching(t, { send: logs.send, limits })
  const blog = new Site({ app: 'blog', environment: 'staging' })
  for (let at = 0; at < 5000; at += 1) watch.ended(someEntry())
  watch.ended(someEntry({ site: blog }))
  await watch.flush()
  const said = logs.texts().length - 1
  // Unless a second ended meanwhile.
  t.ok(said === 10 || said === 20, `${said} lines`)
  t.equal(
    logs.texts().at(-1),
    `at=warning ${(5000 - said).toLocaleString('en-US')} lines were dropped`,
  )
  t.equal(logs.texts('blog').length, 1, 'the others have their own share')
})

t.test('a controller that is away costs lines, counted, and no memory', async (t) => {
  const logs = new FakeLogs()
  logs.answer = 'away'
  const limits = { linesPerSecond: 1_000_000, lines: 64, everyMs: 60_000 }
  const watch = watching(t, { send: logs.send, limits })
  for (let at = 1; at <= 500; at += 1) watch.ended(someEntry({ target: `/${at}` }))
  await watch.flush()
  for (let at = 501; at <= 1000; at += 1) watch.ended(someEntry({ target: `/${at}` }))
  await watch.flush()
  t.equal(logs.asked, 2, 'the same batch was tried again, and only that')
  logs.answer = 'taken'
  await watch.flush()
  t.equal(logs.texts().length, 130)
  t.match(logs.texts()[0], 'path="/1"')
  t.equal(logs.texts()[64], 'at=warning 436 lines were dropped')
  t.equal(logs.texts()[129], 'at=warning 436 lines were dropped')
})

t.test('a batch that is refused is dropped, and that is said', async (t) => {
  const logs = new FakeLogs()
  const watch = watching(t, { send: logs.send, limits: { everyMs: 60_000 } })
  logs.answer = 'gone'
  watch.ended(someEntry())
  await watch.flush()
  logs.answer = 'taken'
  await watch.flush()
  t.same(logs.texts(), ['at=warning 1 line was dropped'])
})

t.test('a controller that does not answer holds up nothing', async (t) => {
  const logs = new FakeLogs()
  const { promise, resolve } = Promise.withResolvers<void>()
  logs.until = promise
  const watch = watching(t, { send: logs.send, limits: { linesPerSecond: 1e6, everyMs: 60_000 } })
  watch.ended(someEntry())
  const flushed = watch.flush()
  for (let at = 0; at < 100_000; at += 1) watch.ended(someEntry())
  t.equal(logs.asked, 1)
  resolve()
  await flushed
  t.equal(logs.texts().filter((line) => line.startsWith('at=info')).length, 1 + 8192)
  t.equal(
    logs.texts().find((line) => line.includes('dropped')),
    'at=warning 91,808 lines were dropped',
  )
})

t.test('lines are sent as the contract says, over one connection', async (t) => {
  const seen: { url: string; token: string; body: string; port: number }[] = []
  let status = 204
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const { url = '', headers, socket } = request
      const { authorization: token = '' } = headers
      seen.push({ url, token, body, port: socket.remotePort ?? 0 })
      response.writeHead(status).end()
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const endpoint = appendLines
  const post = openPost({ url, token: 'the-token', endpoint, timeoutMs: 1000 })
  t.teardown(() => server.close())
  t.teardown(() => post.close())
  const batch = { logs: [{ app: 'a', environment: 'e', lines: [{ at: 1, text: 'é' }] }] }
  t.equal(await post.send(batch), 'taken')
  status = 503
  t.equal(await post.send(batch), 'away')
  status = 422
  t.equal(await post.send(batch), 'gone')
  t.match(seen[0], { url: '/internal/lines', token: 'Bearer the-token' })
  t.same(JSON.parse(seen[0]?.body ?? ''), batch)
  t.equal(new Set(seen.map(({ port }) => port)).size, 1)
  server.close()
  server.closeAllConnections()
  t.equal(await post.send(batch), 'away')
})

async function folderOf(t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'slw-access-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  return folder
}

t.test('the operator’s file has one document for each request, and may be rotated', async (t) => {
  const path = join(await folderOf(t), 'access.log')
  const watch = watching(t, { accessLog: path, limits: { everyMs: 60_000 } })
  watch.ended(someEntry({ target: '/"\x1b' }))
  watch.ended(someEntry({ site: null, instance: null, status: 404 }))
  await watch.flush()
  const [first = '', second = ''] = (await readFile(path, 'utf8')).split('\n')
  t.match(JSON.parse(first), {
    event: 'request',
    app: 'shop',
    environment: 'production',
    path: '/"\x1b',
    status: 200,
    serviceMs: 12,
  })
  t.match(JSON.parse(second), { app: null, environment: null, instance: null, status: 404 })
  await rename(path, `${path}.1`)
  watch.ended(someEntry({ target: '/after' }))
  await watch.flush()
  t.match(JSON.parse(await readFile(path, 'utf8')), { path: '/after' })
  await rename(path, `${path}.2`)
  watch.reopen()
  watch.ended(someEntry({ target: '/last' }))
  await watch.close()
  t.match(JSON.parse(await readFile(path, 'utf8')), { path: '/last' })
})

t.test('a file that cannot be written is said once, and its lines are counted', async (t) => {
  const errors: string[] = []
  const log = { ...silent, error: (event: string) => void errors.push(event) }
  const accessLog = join(await folderOf(t), 'nowhere', 'access.log')
  const watch = watching(t, { log, accessLog, limits: { everyMs: 60_000 } })
  for (let at = 0; at < 60_000; at += 1) watch.ended(someEntry())
  await watch.flush()
  await watch.flush()
  t.same(errors, ['access_log.not_written'])
  const family = watch.snapshot().find(({ name }) => name === 'slipway_router_log_lines_total')
  const dropped = new Map(family?.samples).get('{state="unwritten"}') ?? 0
  t.ok(dropped > 10_000, `${dropped} dropped`)
})
