import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import t from 'tap'
import { call } from '#contract/call.ts'
import type { Peer } from '#contract/call.ts'
import { putTable } from '#contract/route.ts'
import { Program } from '#scripts/platform/program.ts'
import { readPlatform } from '#scripts/platform/settings.ts'
import { closeAll, openRouterSockets } from '#scripts/platform/sockets.ts'
import { childrenOf, Load, stateOf, token } from '#test/router/process-rig.ts'
import { dial, get, httpBackend, instanceAt, tableOf } from '#test/router/rig.ts'

interface Ground {
  readonly router: Program
  readonly port: number
  readonly peer: Peer
  readonly state: string
}

/** The router as the supervisor has it, and nothing else of a platform. */
async function open(t: Test, env: Record<string, string> = {}): Promise<Ground> {
  const state = stateOf(t)
  const platform = readPlatform({
    PATH: process.env['PATH'],
    SLIPWAY_STATE: state,
    SLIPWAY_HTTP_HOST: '127.0.0.1',
    SLIPWAY_HTTP_PORT: '0',
    SLIPWAY_ROUTER_ADMIN_PORT: '0',
    ...env,
  })
  const sockets = await openRouterSockets(platform)
  const router = new Program('router', platform, sockets)
  t.teardown(async () => {
    await router.stop()
    closeAll(sockets)
  })
  await router.started()
  const portOf = (name: string): number => sockets.get(name)?.port ?? 0
  const peer = { url: `http://127.0.0.1:${portOf('admin')}`, token, program: 'router' }
  return { router, port: portOf('http'), peer, state }
}

t.test('a router that is killed loses no connection that waits, nor its port', async (t) => {
  const { router, port, peer } = await open(t)
  const app = await httpBackend(t)
  await call(peer, putTable, { body: tableOf(1, [instanceAt(app.port)]) })
  const first = router.pid
  process.kill(first ?? 0, 'SIGKILL')
  await sleep(20)
  const clients = Array.from({ length: 50 }, () => dial(t, port).send(get()))
  for (const client of clients) t.match(await client.all(), /^HTTP\/1\.1 200/)
  t.not(router.pid, first)
})

t.test('a router is replaced under load, and its pid file names the new one', async (t) => {
  const { router, port, peer, state } = await open(t)
  const app = await httpBackend(t, (request, response) => {
    request.resume().once('end', () => response.end('hi'))
  })
  await call(peer, putTable, { body: tableOf(1, [instanceAt(app.port)]) })
  const load = new Load(port)
  const pids = new Set([router.pid])
  for (let round = 0; round < 3; round += 1) {
    await router.replace()
    pids.add(router.pid)
  }
  await load.stop()
  t.same(load.failed, [])
  t.equal(pids.size, 4)
  t.equal(Number(readFileSync(join(state, 'pids/router'), 'utf8')), router.pid)
  process.kill(router.pid ?? 0, 'SIGKILL')
  t.match(await dial(t, port).send(get()).all(), /^HTTP\/1\.1 200/, 'the new one is kept running')
})

t.test(
  'a next router that cannot start is refused with its words; the old one serves on',
  async (t) => {
    const { router, port, peer, state } = await open(t)
    const app = await httpBackend(t)
    await call(peer, putTable, { body: tableOf(1, [instanceAt(app.port)]) })
    const old = router.pid
    writeFileSync(join(state, 'keys/internal.token'), 'short')
    await t.rejects(router.replace(), { name: 'StartError', message: /error: The key file/ })
    t.equal(router.pid, old)
    t.match(await dial(t, port).send(get()).all(), /^HTTP\/1\.1 200/)
    writeFileSync(join(state, 'keys/internal.token'), token)
    await router.replace()
    t.not(router.pid, old)
  },
)

t.test('a next router that dies once the old one has left is followed by another', async (t) => {
  const { router, port, peer, state } = await open(t)
  const app = await httpBackend(t)
  await call(peer, putTable, { body: tableOf(1, [instanceAt(app.port)]) })
  const old = router.pid
  const replacing = router.replace()
  while (!readFileSync(join(state, 'log/router.log'), 'utf8').includes('"leaving"')) await sleep(1)
  const next = childrenOf(process.pid).filter((pid) => pid !== old)
  for (const pid of next) process.kill(pid, 'SIGKILL')
  await replacing
  t.not(router.pid, old)
  t.match(await dial(t, port).send(get()).all(), /^HTTP\/1\.1 200/)
})
