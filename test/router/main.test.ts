import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import t from 'tap'
import { call } from '#contract/call.ts'
import { awaitIdle, getTable, putTable } from '#contract/route.ts'
import { eachProcess } from './each-transport.ts'
import { start as startProgram, stateOf, token } from './process-rig.ts'
import type { Program } from './process-rig.ts'
import { dial, httpBackend, instanceAt, tableOf } from './rig.ts'

const listens = {
  SLIPWAY_HTTP_HOST: '127.0.0.1',
  SLIPWAY_HTTP_PORT: '0',
  SLIPWAY_ROUTER_ADMIN_PORT: '0',
}

const start = (t: Test, state: string, more: Record<string, string> = {}): Program =>
  startProgram(t, { SLIPWAY_STATE: state, ...listens, ...more })

const peer = (adminPort: number): { url: string; token: string; program: string } => ({
  url: `http://127.0.0.1:${adminPort}`,
  token,
  program: 'router',
})

eachProcess.test(
  'the table is taken from the controller, kept on disk, and served after a restart',
  async (t) => {
    const state = stateOf(t)
    const app = await httpBackend(t)
    const table = tableOf(3, [instanceAt(app.port)])
    const first = start(t, state)
    const { adminPort } = await first.started()
    t.notMatch(first.words(), /transport\.slow/, 'the fast transport has passed its test')
    t.same(await call(peer(adminPort), getTable), { number: 0, sites: [], rules: [] })
    t.same(await call(peer(adminPort), putTable, { body: table }), { number: 3 })
    t.same(await call(peer(adminPort), putTable, { body: tableOf(2, []) }), { number: 3 })
    const instances = [instanceAt(app.port).id]
    t.same(
      await call(peer(adminPort), awaitIdle, { body: { instances, wait_ms: 100, close: true } }),
      { busy: [] },
    )
    first.child.kill('SIGKILL')
    await first.exit

    const second = start(t, state)
    const { port, adminPort: again } = await second.started()
    t.match(
      await dial(t, port).send('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n').until('"body"'),
      /^HTTP\/1\.1 200/,
    )
    t.same(await call(peer(again), getTable), table)
    second.child.kill('SIGTERM')
    t.equal(await second.exit, 0)
  },
)

eachProcess.test('told to stop, it lets a request under way end and exits with 0', async (t) => {
  const state = stateOf(t)
  const app = await httpBackend(t, (_, response) => setTimeout(() => response.end('late'), 300))
  mkdirSync(join(state, 'router'))
  writeFileSync(
    join(state, 'router', 'table.json'),
    JSON.stringify(tableOf(1, [instanceAt(app.port)])),
  )
  const program = start(t, state)
  const { port } = await program.started()
  const client = dial(t, port).send('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n')
  while (app.seen.length === 0) await sleep(5)
  program.child.kill('SIGTERM')
  t.match(await client.all(), /late/)
  t.equal(await program.exit, 0)
})

t.test('a table on disk that cannot be read does not keep it from starting', async (t) => {
  const state = stateOf(t)
  mkdirSync(join(state, 'router'))
  writeFileSync(join(state, 'router', 'table.json'), '{"number": 4')
  const program = start(t, state)
  const { adminPort } = await program.started()
  t.match(program.words(), /table.unreadable/)
  t.equal((await call(peer(adminPort), getTable)).number, 0)
})

t.test(
  'a port that is taken is one sentence that names the setting, and exit code 1',
  async (t) => {
    const server = net.createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    t.teardown(() => server.close())
    const { port } = server.address() as net.AddressInfo
    for (const setting of ['SLIPWAY_HTTP_PORT', 'SLIPWAY_ROUTER_ADMIN_PORT']) {
      const program = start(t, stateOf(t), { [setting]: String(port) })
      t.equal(await program.exit, 1)
      t.equal(
        program.words(),
        `error: Port ${port} on 127.0.0.1 is taken by another program; set ${setting} to another port.\n`,
      )
    }
  },
)

t.test('a missing key is one sentence, and exit code 1', async (t) => {
  const state = stateOf(t)
  rmSync(join(state, 'keys', 'internal.token'))
  const program = start(t, state)
  t.equal(await program.exit, 1)
  t.match(program.words(), /^error: The key file .*internal\.token is missing.*\n$/)
})

t.test('only the platform itself may speak to it, and only in the agreed shape', async (t) => {
  const program = start(t, stateOf(t))
  const { adminPort } = await program.started()
  const url = `http://127.0.0.1:${adminPort}`
  t.equal((await fetch(`${url}/health`)).status, 200)
  t.equal((await fetch(`${url}/table`)).status, 401)
  const wrong = { headers: { authorization: 'Bearer wrong' } }
  t.equal((await fetch(`${url}/table`, wrong)).status, 401)
  const headers = { authorization: `Bearer ${token}` }
  t.equal((await fetch(`${url}/nothing`, { headers })).status, 404)
  const put = async (body: string): Promise<unknown> =>
    (await fetch(`${url}/table`, { method: 'PUT', headers, body })).json()
  t.match(await put('{'), { code: 'BAD_REQUEST' })
  t.match(await put('{"number":1}'), { code: 'INVALID_PARAMS' })
  t.match(await put(JSON.stringify(tableOf(1, [], 'A.test'))), { code: 'INVALID_PARAMS' })
  t.match(await put(JSON.stringify(tableOf(1, [instanceAt(0)]))), { code: 'INVALID_PARAMS' })
  t.equal((await call(peer(adminPort), getTable)).number, 0)
})
