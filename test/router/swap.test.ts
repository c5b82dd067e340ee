import http from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import { eachTransport as t } from './each-transport.ts'
import type { TableChange } from '#contract/route.ts'
import { connect, dial, httpBackend, instanceAt, openRig, tableOf } from './rig.ts'
import type { HttpBackend, Rig } from './rig.ts'

const signal = new AbortController().signal
const request = 'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n'

/** A release that takes a moment for each answer and checks that it got the whole body. */
function release(t: Test, version: number): Promise<HttpBackend> {
  return httpBackend(t, (request, response) => {
    let size = 0
    request.on('data', (chunk: Buffer) => (size += chunk.length))
    request.on('end', () => setTimeout(() => response.end(`v${version} ${size}`), 1 + (size % 5)))
  })
}

/** Stops as a process does: no more connections, those that are open cut. */
async function stop({ server }: HttpBackend): Promise<void> {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
}

/** What leads `a.test` to another port. */
function changeTo(after: number, port: number): TableChange {
  const { sites } = tableOf(after, [instanceAt(port)])
  return { after, number: after + 1, sites, rules: [], gone_sites: [], gone_rules: [] }
}

interface Load {
  served: number
  readonly failed: string[]
}

async function client(rig: Rig, load: Load, until: AbortSignal): Promise<void> {
  const agent = Object.assign(new http.Agent({ keepAlive: true, maxSockets: 1 }), {
    createConnection: () => connect(rig.port),
  })
  for (let i = 0; !until.aborted; i += 1) {
    const body = i % 2 === 0 ? null : 'x'.repeat(i % 3 === 0 ? 40_000 : 10)
    const answer = await once(rig.port, agent, body)
    if (new RegExp(`^200 v\\d+ ${body?.length ?? 0}$`).test(answer)) load.served += 1
    else load.failed.push(answer)
  }
  agent.destroy()
}

function once(port: number, agent: http.Agent, body: string | null): Promise<string> {
  return new Promise((resolve) => {
    const method = body === null ? 'GET' : 'POST'
    const options = { port, host: '127.0.0.1', agent, method, headers: { host: 'a.test' } }
    const request = http.request(options, (response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => (text += chunk.toString()))
      response.on('end', () => resolve(`${response.statusCode} ${text}`))
      response.on('error', (error) => resolve(error.message))
    })
    request.on('error', (error) => resolve(error.message))
    request.end(body ?? undefined)
  })
}

t.test(
  'swaps under load lose nothing, although the old instances stop as soon as they are idle',
  async (t) => {
    const rig = await openRig(t)
    let old = await release(t, 1)
    rig.route(old.port)
    const load: Load = { served: 0, failed: [] }
    const done = new AbortController()
    const clients = Array.from({ length: 12 }, () => client(rig, load, done.signal))
    for (let version = 2; version <= 8; version += 1) {
      await sleep(60)
      const next = await release(t, version)
      // As a whole table and as a change, in turn.
      if (version % 2 === 0) rig.route(next.port)
      else t.ok(rig.routes.change(changeTo(rig.routes.number, next.port)))
      t.same(await rig.routes.awaitIdle([instanceAt(old.port).id], { waitMs: 5000 }, signal), [])
      await stop(old)
      old = next
    }
    await sleep(60)
    done.abort()
    await Promise.all(clients)
    t.same(load.failed, [])
    t.ok(load.served > 100, `${load.served} served`)
  },
)

t.test(
  'awaiting idle waits for the last request under way, and no longer than asked',
  async (t) => {
    const rig = await openRig(t)
    let answer = (): unknown => undefined
    const app = await httpBackend(t, (_, response) => {
      answer = () => response.end('done')
    })
    rig.route(app.port)
    const asker = dial(t, rig.port).send(request)
    while (app.seen.length === 0) await sleep(5)
    rig.route()
    const { id } = instanceAt(app.port)
    t.same(await rig.routes.awaitIdle([id, 'unknown'], { waitMs: 30 }, signal), [id])
    const idle = rig.routes.awaitIdle([id], { waitMs: 5000 }, signal)
    answer()
    t.same(await idle, [])
    await asker.until('done')
  },
)

t.test('a client that gives up no longer counts as a request under way', async (t) => {
  const rig = await openRig(t)
  const app = await httpBackend(t, () => undefined)
  rig.route(app.port)
  const asker = dial(t, rig.port).send(request)
  while (app.seen.length === 0) await sleep(5)
  rig.route()
  const idle = rig.routes.awaitIdle([instanceAt(app.port).id], { waitMs: 5000 }, signal)
  asker.reset()
  t.same(await idle, [])
})

t.test('an instance left out keeps no idle connection', async (t) => {
  const rig = await openRig(t)
  const app = await httpBackend(t)
  rig.route(app.port)
  const asker = dial(t, rig.port).send(request)
  await asker.until('"body"')
  const count = (): Promise<number> =>
    new Promise((resolve) => app.server.getConnections((_, open) => resolve(open)))
  t.equal(await count(), 1)
  rig.route()
  while ((await count()) > 0) await sleep(5)
  t.match(await asker.send(request).until('HTTP/1.1 503'), /503 Service Unavailable/)
})

t.test('a table whose number is not above the present one is ignored', async (t) => {
  const rig = await openRig(t)
  rig.route(1)
  rig.route(2)
  t.equal(rig.routes.replace({ number: 2, sites: [], rules: [] }), false)
  t.equal(rig.routes.replace({ number: 1, sites: [], rules: [] }), false)
  t.equal(rig.routes.table.rules.length, 1)
  t.equal(rig.routes.replace({ number: 7, sites: [], rules: [] }), true)
})
