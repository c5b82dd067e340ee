import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import type { Test } from 'tap'
import { setUp, whoAmI } from '#contract/account.ts'
import { controllerEndpoints } from '#contract/api.ts'
import { call, pathOf } from '#contract/call.ts'

const main = fileURLToPath(new URL('../../controller/main.ts', import.meta.url))
const secret = 'set-up-secret'

interface Program {
  readonly child: ChildProcess
  /** Where it listens, once it does; or what it said when it ended. */
  readonly outcome: Promise<{ url: string } | { said: string; code: number }>
}

t.test('the controller starts, serves the whole contract, and ends when it is told', async (t) => {
  const { url, child } = await startWell(t, makeState(t))
  for (const endpoint of controllerEndpoints) {
    const names = [...endpoint.path.matchAll(/:(\w+)/g)].map(([, name = '']) => name)
    const params = Object.fromEntries(names.map((name) => [name, 'x']))
    const response = await fetch(url + pathOf(endpoint, { params }), { method: endpoint.method })
    const { code } = (await response.json()) as { code: string }
    t.not(code, 'NOT_FOUND', `${endpoint.method} ${endpoint.path} is there`)
  }
  child.kill('SIGTERM')
  t.same(await once(child, 'exit'), [0, null])
})

t.test('one that is killed leaves everything it said yes to, and no lock', async (t) => {
  const state = makeState(t)
  const first = await startWell(t, state)
  const account = { email: 'alice@example.com', password: 'correct horse' }
  const peer = (url: string) => ({ url, program: 'controller' })
  const made = await call(peer(first.url), setUp, { body: { ...account, secret } })

  const second = await start(t, state).outcome
  t.match(second, { said: /^error: Another controller runs on .+\. Stop it/m, code: 1 })

  first.child.kill('SIGKILL')
  await once(first.child, 'exit')
  const { url } = await startWell(t, state)
  const me = await call({ ...peer(url), token: made.access_token.token }, whoAmI)
  t.match(me, { email: account.email, admin: true })
})

t.test('what an operator got wrong is told in one sentence', async (t) => {
  const holder = createServer().listen(0, '127.0.0.1')
  t.teardown(() => holder.close())
  await once(holder, 'listening')
  const { port } = holder.address() as { port: number }
  const taken = start(t, makeState(t), { SLIPWAY_API_PORT: String(port) })
  const name = /^error: Port \d+ of 127\.0\.0\.1 is taken; set SLIPWAY_API_PORT/m
  t.match(await taken.outcome, { said: name, code: 1 })

  const wrong: [Record<string, string>, RegExp][] = [
    [{ SLIPWAY_STATE: '/nowhere' }, /^error: The key file \/nowhere\/keys\/\S+ cannot be read/],
    [{ SLIPWAY_API_PORT: 'http' }, /^error: SLIPWAY_API_PORT must be/],
    [{ SLIPWAY_NETWORKS: '10.0.0.1/8' }, /^error: SLIPWAY_NETWORKS must be a range/],
  ]
  for (const [env, said] of wrong) {
    t.match(await start(t, makeState(t), env).outcome, { said, code: 1 })
  }
})

t.test('a key that others may read, or that is no key, is refused', async (t) => {
  const open = makeState(t)
  writeKey(open, 'setup.secret', secret, 0o644)
  t.match(await start(t, open).outcome, { said: /setup\.secret \(mode 644\); chmod it to 600/ })
  const short = makeState(t)
  writeKey(short, 'master.key', 'c2hvcnQ=', 0o600)
  t.match(await start(t, short).outcome, { said: /master\.key does not hold 32 bytes/ })
})

async function startWell(t: Test, state: string): Promise<{ url: string; child: ChildProcess }> {
  const { child, outcome } = start(t, state)
  const end = await outcome
  if ('url' in end) return { url: end.url, child }
  throw new Error(end.said)
}

/** Without an engine: the API needs none to start. */
function start(t: Test, state: string, env: Record<string, string> = {}): Program {
  const child = spawn(process.execPath, [main], {
    env: {
      PATH: process.env['PATH'],
      SLIPWAY_STATE: state,
      SLIPWAY_API_PORT: '0',
      SLIPWAY_ENGINE_SOCKET: join(state, 'no-engine.sock'),
      SLIPWAY_ROUTER_ADMIN_URL: 'http://127.0.0.1:1',
      ...env,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  const { promise: outcome, resolve } = Promise.withResolvers<Awaited<Program['outcome']>>()
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
    const started = /"event":"started","url":"([^"]+)"/.exec(said)
    if (started !== null) resolve({ url: started[1] ?? '' })
  })
  child.once('close', (code) => resolve({ said, code: code ?? 1 }))
  return { child, outcome }
}

/** A fresh state folder, in the place of the one the test had before. */
function makeState(t: Test): string {
  const folder = t.testdir({ keys: {} })
  writeKey(folder, 'master.key', randomBytes(32).toString('base64'), 0o600)
  writeKey(folder, 'internal.token', randomBytes(32).toString('hex'), 0o600)
  writeKey(folder, 'setup.secret', secret, 0o600)
  return folder
}

function writeKey(state: string, name: string, content: string, mode: number): void {
  const path = join(state, 'keys', name)
  writeFileSync(path, `${content}\n`, { mode: 0o600 })
  chmodSync(path, mode)
}
