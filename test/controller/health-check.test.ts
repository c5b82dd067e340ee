import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import {
  describeCheck,
  longestS,
  type HealthCheck,
  type HttpCheck,
} from '#contract/health-check.ts'
import { ask } from '#controller/deploy/ask.ts'
import { shortcoming, type FailedCheck } from '#controller/deploy/check.ts'
import { untilHealthy } from '#controller/deploy/health.ts'
import type { Tried } from '#controller/deploy/try.ts'
import { EngineError } from '#driver/driver.ts'
import { exits, idles, openMemory } from '#driver/memory/memory.ts'
import { copySpec } from '#test/driver/specs.ts'
import { httpCheck } from './http-check.ts'

const tries = { name: null, port: null, attempts: 3, timeout_s: 1, wait_s: 1, delay_s: 0 }

const http = (change: Partial<HttpCheck> = {}): HttpCheck => httpCheck({ ...tries, ...change })

const idle = new AbortController().signal

/** An app on a port of its own; closed with the test. */
async function serve(t: Test, answer: RequestListener): Promise<{ host: string; port: number }> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  await once(server, 'listening')
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port }
}

t.test('an answer below 400 passes, with the content that is asked for', (t) => {
  const said = (status: number, body = '', change: Partial<HttpCheck> = {}): string | null =>
    shortcoming(http(change), { status, body })
  for (const status of [200, 204, 302, 399]) t.equal(said(status), null)
  t.equal(said(500), 'GET /up answered 500')
  t.equal(said(400, '', { port: 9000 }), 'GET :9000/up answered 400')
  t.equal(said(200, 'it is ready', { content: 'ready' }), null)
  t.equal(said(200, 'no', { content: 'ready' }), 'GET /up answered 200 without "ready"')
  t.equal(
    said(200, '', { content: `\u001b${'x'.repeat(50)}` }),
    `GET /up answered 200 without "\\u001b${'x'.repeat(39)}…"`,
  )
  t.end()
})

t.test('a check is described, and has a longest time', (t) => {
  const check = http({ name: 'web check', attempts: 4, timeout_s: 5, wait_s: 2, delay_s: 10 })
  t.equal(longestS(check), 10 + 4 * 5 + 3 * 2)
  t.equal(describeCheck(check), 'GET /up (web check), 4 tries of 5 s')
  const uptime: HealthCheck = { kind: 'uptime', name: null, uptime_s: 3 }
  t.equal(longestS(uptime), 3)
  t.equal(describeCheck(uptime), '3 s of uptime')
  t.equal(describeCheck({ kind: 'listening', ...tries, attempts: 1 }), 'its port, 1 try of 1 s')
  const run = { ...tries, kind: 'command', command: 'bin/check', type: 'liveness' } as const
  t.equal(describeCheck(run), 'while it serves: `bin/check`, 3 tries of 1 s')
  t.end()
})

t.test('a GET has the headers of the check, and follows no redirect', async (t) => {
  const seen: unknown[][] = []
  const address = await serve(t, ({ url, method, headers }, response) => {
    seen.push([method, url, headers.host, headers['user-agent'], headers['x-mine']])
    response.writeHead(302, { location: '/elsewhere' }).end()
  })
  const headers = [
    { name: 'Host', value: 'shop.example.com' },
    { name: 'X-Mine', value: 'yes' },
  ]
  t.same(await ask(http({ headers, path: '/up?a=b' }), address, idle), { status: 302, body: '' })
  t.same(seen, [['GET', '/up?a=b', 'shop.example.com', 'Slipway health check', 'yes']])
})

t.test('of an answer no more than 64 KiB is read, however long it is', async (t) => {
  let isCut = false
  const address = await serve(t, (_, response) => {
    const more = (): void => {
      while (response.write('x'.repeat(10_000)));
    }
    response.on('drain', more).on('close', () => (isCut = true))
    more()
  })
  const answer = await ask(http({ content: 'ready' }), address, idle)
  t.match(answer, { status: 200, body: /^x{65536}$/ })
  while (!isCut) await sleep(5)
})

t.test('what is no answer has a reason: none in time, cut off, refused', async (t) => {
  const silent = await serve(t, () => undefined)
  t.equal(await ask(http(), silent, idle), 'timeout')
  const slow = await serve(t, (_, response) => void response.write('half'))
  t.equal(await ask(http({ content: 'whole' }), slow, idle), 'timeout', 'to its last byte')
  const cut = await serve(t, (_, response) => {
    response.writeHead(200, { 'content-length': '10' })
    response.write('half', () => response.destroy())
  })
  t.equal(await ask(http({ content: 'whole' }), cut, idle), 'the connection was closed')
  t.equal(await ask(http(), { host: '127.0.0.1', port: 1 }, idle), 'connection refused')
  const upgrading = await serve(t, ({ socket }) => {
    socket.end('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n')
  })
  t.type(await ask(http(), upgrading, idle), 'string')
})

interface Course {
  readonly said: string[]
  readonly failures: FailedCheck[]
  readonly end: Promise<string>
}

/** What becomes of a copy; `end` is `healthy`, or `stopped` when the test said so. */
function nurse(
  address: { host: string; port: number },
  checks: readonly HealthCheck[],
  signal: AbortSignal = idle,
  exec: Tried['exec'] = async () => 1,
): Course {
  const said: string[] = []
  const failures: FailedCheck[] = []
  const bedside = {
    refused: (reason: string) => void said.push(reason),
    listens: () => void said.push('listens'),
    failed: (failure: FailedCheck) => void failures.push(failure),
  }
  const patient = { ...address, startedAtMs: Date.now(), checks, exec }
  const end = untilHealthy(patient, bedside, signal).then(
    () => 'healthy',
    () => 'stopped',
  )
  return { said, failures, end }
}

t.test('a copy without checks is healthy when it takes connections', async (t) => {
  const address = await serve(t, (_, response) => void response.writeHead(500).end())
  const { said, end } = nurse(address, [])
  t.equal(await end, 'healthy')
  t.same(said, ['listens'])
})

t.test('a check that passes in one of its tries has not failed', async (t) => {
  let asked = 0
  const address = await serve(t, (_, response) => {
    asked += 1
    response.writeHead(asked < 3 ? 503 : 200).end()
  })
  const { said, failures, end } = nurse(address, [http()])
  t.equal(await end, 'healthy')
  t.same(said, ['listens', 'GET /up answered 503', 'GET /up answered 503'])
  t.same(failures, [])
  t.equal(asked, 3)
})

t.test(
  'a check without a try left has failed once, and goes on until somebody stops it',
  async (t) => {
    const stop = new AbortController()
    let asked = 0
    const address = await serve(t, (_, response) => {
      asked += 1
      response.writeHead(500).end()
      if (asked === 3) stop.abort()
    })
    const check = http({ attempts: 2 })
    const { failures, end } = nurse(address, [check], stop.signal)
    t.equal(await end, 'stopped')
    t.match(failures, [{ check, last: 'GET /up answered 500' }])
    t.equal(failures.length, 1)
  },
)

t.test('checks go on side by side, each after its own delay', async (t) => {
  const address = await serve(t, (_, response) => void response.end('ready'))
  const started = Date.now()
  const { end } = nurse(address, [
    http({ delay_s: 1, content: 'ready' }),
    { kind: 'listening', ...tries, delay_s: 1 },
    { kind: 'uptime', name: null, uptime_s: 1 },
  ])
  t.equal(await end, 'healthy')
  const tookMs = Date.now() - started
  t.ok(tookMs >= 990 && tookMs < 2000, `${tookMs} ms`)
})

t.test('a port that nobody listens on fails its check', async (t) => {
  const stop = new AbortController()
  const address = await serve(t, (_, response) => void response.end())
  const check: HealthCheck = { kind: 'listening', ...tries, port: 1, attempts: 1 }
  const { failures, end } = nurse(address, [check], stop.signal)
  while (failures.length === 0) await sleep(5)
  t.match(failures, [{ check, last: 'port 1: connection refused' }])
  stop.abort()
  t.equal(await end, 'stopped')
})

t.test(
  'a command passes with exit code 0; a try that the engine would not make is none',
  async (t) => {
    const address = await serve(t, (_, response) => void response.end())
    const codes = [2, new EngineError('not now', true), 0]
    const exec: Tried['exec'] = async () => {
      const code = codes.shift() ?? 1
      if (typeof code === 'number') return code
      throw code
    }
    const { port: _, ...ofCommand } = tries
    const check = { kind: 'command', ...ofCommand, attempts: 2, command: 'bin/check' } as const
    const { said, failures, end } = nurse(address, [check], idle, exec)
    t.equal(await end, 'healthy')
    t.same(said, ['listens', '`bin/check` ended with exit code 2'])
    t.same(failures, [])
  },
)

/** How a command is run in a copy of the memory driver, where none ends by itself but `true`. */
async function execIn(t: Test, beforeCommand: () => unknown): Promise<Tried['exec']> {
  const { fleet } = openMemory({
    program: ({ command }) => (command === 'true' ? exits(0) : idles),
    beforeStart: async ({ command }) => void (command !== 'idle' && (await beforeCommand())),
  })
  const spec = copySpec({ stackImage: '', layers: [], subnetOf: () => '10.0.0.0/26' }, 'idle')
  await fleet.start(spec, idle)
  t.teardown(() => fleet.stop(spec.name, 0, idle))
  return (command, timeoutMs, signal) => fleet.exec({ ...spec, command, timeoutMs }, signal)
}

t.test('while the engine does not begin with a command, no try is used up', async (t) => {
  const address = await serve(t, (_, response) => void response.end())
  const exec = await execIn(t, () => sleep(1500))
  const { port: _, ...ofCommand } = tries
  const check = { kind: 'command', ...ofCommand, attempts: 1, command: 'true' } as const
  const { said, failures, end } = nurse(address, [check], idle, exec)
  t.equal(await end, 'healthy')
  t.same(said, ['listens'])
  t.same(failures, [])
})

t.test('a command that takes too long is told to end, and has not passed', async (t) => {
  const stop = new AbortController()
  const address = await serve(t, (_, response) => void response.end())
  const exec = await execIn(t, () => undefined)
  const { port: _, ...ofCommand } = tries
  const check = { kind: 'command', ...ofCommand, attempts: 1, command: 'bin/check' } as const
  const { failures, end } = nurse(address, [check], stop.signal, exec)
  while (failures.length === 0) await sleep(5)
  t.match(failures, [{ last: '`bin/check` had no answer in 1 s' }])
  stop.abort()
  t.equal(await end, 'stopped')
})
