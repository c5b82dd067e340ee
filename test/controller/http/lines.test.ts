import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { createApp, destroyApp } from '#contract/app.ts'
import { appendLines, openLog } from '#contract/log.ts'
import { serveLines } from '#controller/http/lines.ts'
import { serveLogs } from '#controller/http/logs.ts'
import { openLogs } from '#controller/logs/logs.ts'
import { openStore } from '#controller/store/open.ts'
import { openMemory } from '#driver/memory/memory.ts'
import { openLog as openOwnLog } from '#lib/log.ts'
import { startPlatform } from '#test/controller/platform.ts'
import type { Caller } from '#test/controller/platform.ts'

const silent = openOwnLog('controller', () => undefined)

/** A controller with logs, and the two who use them: the router and a user. */
async function open(t: Test) {
  const folder = await mkdtemp(join(tmpdir(), 'slw-lines-'))
  const { fleet } = openMemory({})
  const logs = openLogs({ folder: join(folder, 'logs'), fleet, log: silent })
  const db = await openStore(join(folder, 'slipway.db'))
  const own = { db, now: () => new Date() }
  const platform = await startPlatform(t, { db }, {}, [
    (http) => serveLines(http, own, logs),
    (http) => serveLogs(http, own, logs),
  ])
  t.teardown(async () => {
    await logs.close()
    await db.destroy()
    await rm(folder, { recursive: true, force: true })
  })
  return { logs, router: platform.builder, ada: await platform.user('ada@example.com') }
}

/** What somebody reads of an app, without times. */
async function read(ada: Caller, body: object = {}, app = 'shop'): Promise<string[]> {
  const { logplex_url: url } = await ada(openLog, { params: { app }, body })
  const lines = (await (await fetch(url)).text()).split('\n').filter((line) => line !== '')
  return lines.map((line) => line.replace(/^\S+ /, ''))
}

const log = (app: string, ...texts: string[]) => ({
  app,
  environment: 'production',
  lines: texts.map((text) => ({ at: Date.now(), text })),
})

t.test('lines of the router are in the log of their app, as its own', async (t) => {
  const { router, ada, logs } = await open(t)
  const { environment } = await ada(createApp, { body: { name: 'shop' } })
  await ada(createApp, { body: { name: 'blog' } })
  logs.event(environment.id, 'deploy', 'v1 is live')
  await new Promise((resolve) => setTimeout(resolve, 5))
  const batch = [log('shop', 'at=info path="/1"', 'at=info path="/2"'), log('blog', 'at=info')]
  await router(appendLines, { body: { logs: batch } })
  const requests = ['slipway[router]: at=info path="/1"', 'slipway[router]: at=info path="/2"']
  t.same(await read(ada), ['slipway[deploy]: v1 is live', ...requests])
  t.same(await read(ada, { dyno: 'router' }), requests)
  t.same(await read(ada, { source: 'slipway' }), ['slipway[deploy]: v1 is live', ...requests])
  t.same(await read(ada, { source: 'app' }), [])
  t.same(await read(ada, { dyno: 'deploy' }), ['slipway[deploy]: v1 is live'])
  t.same(await read(ada, { lines: 2 }), requests)
  t.same(await read(ada, {}, 'blog'), ['slipway[router]: at=info'])
})

t.test('lines of an app that is gone, or was another’s, go nowhere', async (t) => {
  const { router, ada } = await open(t)
  await ada(createApp, { body: { name: 'shop' } })
  const late = log('shop', 'of the first')
  await ada(destroyApp, { params: { app: 'shop' } })
  await router(appendLines, { body: { logs: [late, log('never', 'x')] } })
  await new Promise((resolve) => setTimeout(resolve, 5))
  await ada(createApp, { body: { name: 'shop' } })
  await router(appendLines, { body: { logs: [late, log('shop', 'of the second')] } })
  t.same(await read(ada), ['slipway[router]: of the second'])
})

t.test('whoever follows sees requests as they are told', async (t) => {
  const { router, ada } = await open(t)
  await ada(createApp, { body: { name: 'shop' } })
  const { logplex_url: url } = await ada(openLog, { params: { app: 'shop' }, body: { tail: true } })
  const { body } = await fetch(url)
  const text = body?.pipeThrough(new TextDecoderStream()).getReader()
  await router(appendLines, { body: { logs: [log('shop', 'one')] } })
  let seen = ''
  while (!seen.includes('one')) seen += (await text?.read())?.value ?? ''
  t.match(seen, /^\S+Z slipway\[router\]: one\n$/)
  await text?.cancel()
})

t.test('a line of the router is one line, whatever a client sent', async (t) => {
  const { router, ada } = await open(t)
  await ada(createApp, { body: { name: 'shop' } })
  const forged = 'x\n2026-01-01T00:00:00.000Z slipway[deploy]: v9 is live'
  await router(appendLines, { body: { logs: [log('shop', forged)] } })
  t.equal((await read(ada)).length, 1)
  await t.rejects(
    router(appendLines, { body: { logs: [{ ...log('shop'), lines: [{ at: -1, text: '' }] }] } }),
    { code: 'INVALID_PARAMS' },
  )
})
