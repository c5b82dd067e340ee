import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { createServer, connect, type AddressInfo } from 'node:net'
import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import t from 'tap'
import type { Test } from 'tap'
import { buildHere, isLacking } from './pack.ts'

const skip = isLacking === false ? {} : { skip: `${isLacking} is not on this host` }
const site = {
  'index.html': '<p>home</p>',
  'about.html': '<p>about</p>',
  '404.html': '<p>nothing here</p>',
  'a b.txt': 'space',
  docs: { 'index.html': '<p>docs</p>' },
  assets: { 'app.3f2a9c1b.js': 'x()', 'long.css': 'p { color: teal }\n'.repeat(200) },
  '.env': 'SECRET=1',
  'big.bin': 'b'.repeat(3_000_000),
}

interface Reply {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

interface Served {
  readonly port: number
  readonly process: ChildProcess
  readonly get: (path: string, headers?: Record<string, string>, method?: string) => Promise<Reply>
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}

/** Builds an app and serves it until the test is over. */
async function serve(t: Test, files: Files, change = (_app: string): void => {}): Promise<Served> {
  const app = t.testdir(files)
  change(app)
  const { code, output } = await buildHere(app)
  t.equal(code, 0, output)
  const port = await freePort()
  const args = ['-ISB', '.slipway/static/serve.py']
  const env = { PATH: process.env['PATH'], PORT: String(port) }
  const child = spawn('python3', args, { cwd: app, env, stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  return {
    port,
    process: child,
    get: async (path, headers = {}, method = 'GET') => {
      const sent = request({ port, path, headers, method, agent: false }).end()
      const [reply] = (await once(sent, 'response')) as [IncomingMessage]
      const body = await text(reply)
      return { status: reply.statusCode ?? 0, headers: reply.headers, body }
    },
  }
}
type Files = Parameters<Test['testdir']>[0]

t.test('pages are served as browsers expect them', skip, async (t) => {
  const { get } = await serve(t, site)
  t.match(await get('/'), { status: 200, body: '<p>home</p>' })
  t.match(await get('/?q=1'), { status: 200 })
  t.match(await get('/docs'), { status: 301, headers: { location: '/docs/' } })
  t.match(await get('/docs/'), { status: 200, body: '<p>docs</p>' })
  t.match(await get('/about'), { status: 200, body: '<p>about</p>' })
  t.match(await get('/a%20b.txt'), { status: 200, body: 'space' })
  t.match(await get('/nothing'), { status: 404, body: '<p>nothing here</p>' })
  t.match((await get('/')).headers, { 'content-type': 'text/html; charset=utf-8' })
  t.match((await get('/assets/app.3f2a9c1b.js')).headers, {
    'content-type': 'text/javascript; charset=utf-8',
    'cache-control': /immutable/,
  })
  t.match(await get('/', {}, 'HEAD'), { headers: { 'content-length': '11' }, body: '' })
  t.match(await get('/', {}, 'POST'), { status: 405, headers: { allow: 'GET, HEAD' } })
})

t.test('nothing outside of the site and nothing hidden is served', skip, async (t) => {
  const { get, port } = await serve(t, site, (app) => {
    symlinkSync('/etc/passwd', join(app, 'link.txt'))
    symlinkSync('/proc/self', join(app, 'self'))
  })
  const paths = ['/.env', '/.slipway/static/site.json', '/link.txt', '/self/environ', '/%00']
  for (const path of [...paths, '/..%2f..%2fetc/passwd', '/%2e%2e/%2e%2e/etc/passwd', '/%ff']) {
    t.equal((await get(path)).status, 404, path)
  }
  t.match(await raw(port, 'GET /../../etc/passwd HTTP/1.1\r\n\r\n'), /^HTTP\/1.1 404 /)
  t.match(await raw(port, 'GET http://a/ HTTP/1.1\r\n\r\n'), /^HTTP\/1.1 400 /)
  t.match(await raw(port, 'GET //example.com/docs HTTP/1.1\r\n\r\n'), /^HTTP\/1.1 404 /)
})

t.test('a client is not sent what it has', skip, async (t) => {
  const { get } = await serve(t, site)
  const { headers } = await get('/')
  const etag = String(headers.etag)
  const modified = String(headers['last-modified'])
  t.match(await get('/', { 'if-none-match': etag }), { status: 304, body: '' })
  t.match(await get('/', { 'if-none-match': `"other", W/${etag}` }), { status: 304 })
  t.match(await get('/', { 'if-none-match': '"other"' }), { status: 200 })
  t.match(await get('/', { 'if-modified-since': modified }), { status: 304 })
  const old = { 'if-modified-since': 'Sun, 06 Nov 1994 08:49:37 GMT' }
  t.match(await get('/', old), { status: 200 })
})

t.test('parts of files are sent, and large texts compressed', skip, async (t) => {
  const { get } = await serve(t, site)
  t.match(await get('/', { range: 'bytes=3-6' }), {
    status: 206,
    body: 'home',
    headers: { 'content-range': 'bytes 3-6/11' },
  })
  t.match(await get('/', { range: 'bytes=-4' }), { status: 206, body: '</p>' })
  t.match(await get('/', { range: 'bytes=50-' }), { status: 416 })
  t.equal((await get('/big.bin')).body.length, 3_000_000)
  t.equal((await get('/big.bin', { range: 'bytes=2000000-' })).body.length, 1_000_000)
  const zipped = await get('/assets/long.css', { 'accept-encoding': 'gzip' })
  t.match(zipped.headers, { 'content-encoding': 'gzip', vary: 'Accept-Encoding' })
  t.ok(Number(zipped.headers['content-length']) < 300)
  t.notOk((await get('/assets/long.css')).headers['content-encoding'])
})

t.test('static.json names the folder, and the page of a single-page app', skip, async (t) => {
  const settings = { root: 'dist', routes: { '/**': 'index.html' } }
  const files = {
    'static.json': JSON.stringify(settings),
    'secret.txt': 'not for the public',
    dist: { 'index.html': '<p>app</p>' },
  }
  const { get } = await serve(t, files)
  t.match(await get('/'), { status: 200, body: '<p>app</p>' })
  t.match(await get('/any/place'), { status: 200, body: '<p>app</p>' })
  t.match(await get('/secret.txt'), { status: 200, body: '<p>app</p>' })
})

t.test('static.json sends elsewhere, to several pages, and adds header fields', skip, async (t) => {
  const settings = {
    root: '.',
    routes: { '/app/**': 'app.html', '/*/edit': 'edit.html' },
    redirects: { '/old/*': '/docs/', '/gone': { url: 'https://example.com/', status: 302 } },
    headers: {
      '/**': { 'X-Frame-Options': 'DENY', 'Cache-Control': 'no-cache' },
      '/assets/*': { 'cache-control': 'max-age=60' },
    },
  }
  const pages = { 'app.html': '<p>app</p>', 'edit.html': '<p>edit</p>' }
  const { get } = await serve(t, { ...site, ...pages, 'static.json': JSON.stringify(settings) })
  t.match(await get('/app/any/place'), { status: 200, body: '<p>app</p>' })
  t.match(await get('/a/edit'), { status: 200, body: '<p>edit</p>' })
  t.match(await get('/a/b/edit'), { status: 404 })
  t.match(await get('/old/a?b'), { status: 301, headers: { location: '/docs/' } })
  t.match(await get('/gone'), { status: 302, headers: { location: 'https://example.com/' } })
  t.match((await get('/')).headers, { 'x-frame-options': 'DENY', 'cache-control': 'no-cache' })
  const asset = await get('/assets/long.css', { 'accept-encoding': 'gzip' })
  t.match(asset.headers, { 'cache-control': 'max-age=60', 'content-encoding': 'gzip' })
})

t.test('what must be corrected in static.json is said', skip, async (t) => {
  const cases: [string, string][] = [
    ['static.json is not valid JSON (line 1', '{root}'],
    ['the folder "out", which is not in the app', '{"root": "out"}'],
    ['the folder "..", which is not in the app', '{"root": ".."}'],
    ['the page "oops.html", which is not in', '{"root": ".", "error_page": "oops.html"}'],
    ['the page "a.html", which is not in', '{"root": ".", "routes": {"/a/**": "a.html"}}'],
    [
      '"a" under "routes" in static.json is not a pattern',
      '{"root": ".", "routes": {"a": "a.html"}}',
    ],
    ['"headers" in static.json is not an object', '{"root": ".", "headers": []}'],
    ['The header "X-A" of "/**"', '{"root": ".", "headers": {"/**": {"X-A": "b\\r\\nc: d"}}}'],
    ['The header "Content-Length"', '{"root": ".", "headers": {"/**": {"Content-Length": "1"}}}'],
    ['The redirect of "/a"', '{"root": ".", "redirects": {"/a": "javascript:alert(1)"}}'],
    ['The redirect of "/a"', '{"root": ".", "redirects": {"/a": {"url": "/b", "status": 200}}}'],
  ]
  for (const [sentence, json] of cases) {
    const { code, output } = await buildHere(t.testdir({ 'static.json': json }))
    t.equal(code, 1)
    t.match(output, sentence)
  }
})

t.test(
  'SIGTERM ends it after the answer under way, and frees idle connections',
  skip,
  async (t) => {
    const { port, process: child } = await serve(t, { ...site, 'big.bin': 'b'.repeat(50_000_000) })
    const idle = connect(port)
    await once(idle, 'connect')
    const slow = request({ port, path: '/big.bin', agent: false }).end()
    const [reply] = (await once(slow, 'response')) as [IncomingMessage]
    const closed = once(child, 'exit')
    child.kill('SIGTERM')
    await once(idle.resume(), 'close')
    t.equal((await text(reply)).length, 50_000_000)
    t.strictSame((await closed)[0], 0)
  },
)

t.test('requests sent in one piece are answered in order', skip, async (t) => {
  const { port } = await serve(t, site)
  const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`
  const answers = await raw(port, `${get('/')}${get('/about')}GET /docs/ HTTP/1.0\r\n\r\n`)
  t.match(answers, /home[^]*about[^]*docs/)
})

/** Sends bytes as they are; all that comes back. */
async function raw(port: number, bytes: string): Promise<string> {
  const socket = connect(port)
  socket.write(bytes)
  socket.setTimeout(500, () => socket.end())
  return await text(socket)
}
