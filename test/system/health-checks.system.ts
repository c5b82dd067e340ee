import t, { type Test } from 'tap'
import { setConfig } from '#contract/app.ts'
import { getRelease, rollBack } from '#contract/release.ts'
import { openPlatform, until } from './harness.ts'
import type { TestApp } from './harness.ts'

const slipway = await openPlatform()
t.teardown(() => slipway.close())

/** A page that says which version it is and how long it has run, and `/up`, which `up` answers. */
const server = (version: string, up: string): string => `
import { createServer } from 'node:http'
createServer((request, response) => {
  if (request.url === '/up') { ${up} }
  response.end('${version} ' + process.uptime())
}).listen(process.env.PORT)
`

const manifest = (check: object): string =>
  JSON.stringify({ healthchecks: { web: [{ type: 'startup', path: '/up', wait: 1, ...check }] } })

/** The versions that answered while something went on, each once and in order, and the first page of each. */
async function watch(t: Test, app: TestApp, work: Promise<unknown>): Promise<Map<string, string>> {
  const pages = new Map<string, string>()
  const statuses = new Set<number>()
  let isDone = false
  void work.finally(() => (isDone = true))
  await until('it is over', async () => {
    const wasDone = isDone
    const { status, body } = await app.get()
    statuses.add(status)
    const version = body.split(' ')[0] ?? ''
    if (!pages.has(version)) pages.set(version, body)
    return wasDone
  })
  t.same([...statuses], [200], 'no request failed')
  return pages
}

t.test('a push whose health check fails leaves the old page answering', async (t) => {
  const app = await slipway.newApp('node')
  await app.change('server.js', server('one', ''))
  t.equal((await app.push()).code, 0)

  await app.change('server.js', server('two', "response.writeHead(500); return response.end('no')"))
  await app.change('app.json', manifest({ name: 'web check', attempts: 2 }))
  const push = app.push()
  const pages = await watch(t, app, push)
  const { code, output } = await push
  t.not(code, 0)
  t.match(output, 'health check: GET /up (web check), 2 tries of 5 s')
  t.match(
    output,
    'error: web.1 failed its health check "web check": GET /up answered 500 (2 tries); v1 keeps serving',
  )
  t.match(output, /hint: GET \/up must answer 2xx or 3xx within 5 s; .*app logs -a/)
  t.same([...pages.keys()], ['one'])
})

t.test('a push goes live when its health check passes, and so does a rollback to it', async (t) => {
  const app = await slipway.newApp('node')
  await app.change('server.js', server('one', ''))
  t.equal((await app.push()).code, 0)

  const up = "return response.end(process.uptime() < 3 ? 'warming up' : 'all is ready')"
  await app.change('server.js', server('two', up))
  await app.change('app.json', manifest({ content: 'ready', attempts: 10 }))
  const push = app.push()
  const pages = await watch(t, app, push)
  const { code, output } = await push
  t.equal(code, 0, output)
  t.same([...pages.keys()], ['one', 'two'])
  const uptime = Number(pages.get('two')?.split(' ')[1])
  t.ok(uptime >= 3 && uptime < 10, `the first request came after ${uptime} s`)

  await app.git('rm', '-q', 'app.json')
  await app.change('server.js', server('three', ''))
  const third = await app.push()
  t.equal(third.code, 0)
  t.notMatch(third.output, 'health check')
  await slipway.call(rollBack, { params: { app: app.name }, body: { release: '2' } })
  let page = ''
  await until('the rollback is live', async () => {
    page = (await app.get()).body
    return page.startsWith('two')
  })
  t.ok(Number(page.split(' ')[1]) >= 3, `the first request came after ${page}`)
})

t.test('a check may be a command of the app, run in the copy with what it has', async (t) => {
  const app = await slipway.newApp('node')
  await app.change('server.js', server('one', ''))
  await app.change('check.js', `process.exit(process.env.COLOUR === 'blue' ? 0 : 3)`)
  await app.change('app.json', manifest({ path: undefined, command: ['node', 'check.js'] }))
  const first = await app.push()
  t.not(first.code, 0)
  t.match(
    first.output,
    'error: web.1 failed its health check: `node check.js` ended with exit code 3 (3 tries)',
  )
  await slipway.call(setConfig, { params: { app: app.name }, body: { COLOUR: 'blue' } })
  await app.change('server.js', server('two', ''))
  const second = await app.push()
  t.equal(second.code, 0, second.output)
  const params = { app: app.name, release: 'current' }
  const { health_checks: checks } = await slipway.call(getRelease, { params })
  t.match(checks, [{ kind: 'command', command: 'node check.js', attempts: 3 }])
})

t.test('a copy that hangs while it serves is started anew by its liveness check', async (t) => {
  const app = await slipway.newApp('node')
  const hang = 'setTimeout(() => { for (;;); }, 100)'
  await app.change('server.js', server('one', '').replace("'/up') { ", `'/hang') { ${hang} `))
  await app.change('app.json', manifest({ type: 'liveness', path: '/', attempts: 2, timeout: 1 }))
  const { code, output } = await app.push()
  t.equal(code, 0, output)
  const begun = Date.now()
  t.equal((await app.get('/hang')).status, 200)
  await until('a copy that is younger than that serves', async () => {
    const { status, body } = await app.get()
    return status === 200 && Number(body.split(' ')[1]) < (Date.now() - begun) / 1000
  })
})
