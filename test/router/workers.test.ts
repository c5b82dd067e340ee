import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import { call } from '#contract/call.ts'
import { awaitIdle, changeTable, getTable, putTable } from '#contract/route.ts'
import { eachProcess } from './each-transport.ts'
import { childrenOf, Load, openPlace } from './process-rig.ts'
import type { Place, Program } from './process-rig.ts'
import { bodyOf, dial, get, httpBackend, instanceAt, tableOf } from './rig.ts'
import type { HttpBackend } from './rig.ts'

const workers = { ROUTER_WORKERS: '2' }

interface Ground {
  readonly place: Place
  readonly router: Program
  readonly app: HttpBackend
  /** Of the workers. */
  readonly pids: () => number[]
}

async function open(t: Test, answerMs = 5): Promise<Ground> {
  const place = openPlace(t)
  const app = await httpBackend(t, (request, response) => {
    request.resume().once('end', () => setTimeout(() => response.end('hi'), answerMs))
  })
  const router = place.start(workers)
  await router.started()
  await call(place.peer, putTable, { body: tableOf(1, [instanceAt(app.port)]) })
  return { place, router, app, pids: () => childrenOf(router.child.pid) }
}

async function until(sentence: string, holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds(); tries += 1) {
    if (tries === 400) throw new Error(`Not within 8 s: ${sentence}`)
    await sleep(20)
  }
}

const begun = (program: Program): number => program.words().split('"worker.started"').length - 1

eachProcess.test('all workers serve what the main process was told', async (t) => {
  const { place, pids, router, app } = await open(t)
  t.equal(pids().length, 2)
  t.equal(begun(router), 2)
  const answers = Array.from({ length: 20 }, () => dial(t, place.port).send(get()).all())
  for (const answer of await Promise.all(answers)) t.equal(bodyOf(answer), 'hi')
  t.equal(app.seen.length, 20)
  router.child.kill('SIGTERM')
  t.equal(await router.exit, 0)
})

eachProcess.test(
  'a worker killed under load costs its own connections, and is started again',
  async (t) => {
    const { place, pids, router } = await open(t)
    const load = new Load(place.port)
    await sleep(500)
    const [victim = 0, other = 0] = pids()
    const before = load.answered
    process.kill(victim, 'SIGKILL')
    await until('it was started again', () => begun(router) === 3)
    const after = await fetchCount(load)
    t.ok(after > before, 'the other one goes on')
    t.ok(pids().includes(other), 'the other one is the same')
    t.notOk(pids().includes(victim))
    await load.stop()
    // Ten loops, each with one connection at most.
    t.ok(load.failed.length <= 10, load.failed.join(', '))
    t.ok(load.failed.every((reason) => /ECONNRESET|hang up/.test(reason)))
  },
)

async function fetchCount(load: Load): Promise<number> {
  await sleep(200)
  return load.answered
}

eachProcess.test(
  'a worker that was started again has the newest table, put meanwhile',
  async (t) => {
    const { place, pids, router } = await open(t)
    const second = await httpBackend(t, (_, response) => response.end('second'))
    for (const pid of pids()) process.kill(pid, 'SIGKILL')
    let number = 1
    while (begun(router) < 4) {
      number += 1
      const body = tableOf(number, [instanceAt(second.port)])
      t.same(await call(place.peer, putTable, { body }), { number })
    }
    const answers = Array.from({ length: 20 }, () => dial(t, place.port).send(get()).all())
    for (const answer of await Promise.all(answers)) t.equal(bodyOf(answer), 'second')
  },
)

eachProcess.test('what is asked of the router is asked of all its workers', async (t) => {
  const { place, app } = await open(t, 700)
  const clients = Array.from({ length: 12 }, () => dial(t, place.port).send(get()))
  await until('all have been sent on', () => app.seen.length === 12)
  await call(place.peer, putTable, { body: tableOf(2, []) })
  const instances = [instanceAt(app.port).id]
  const idle = (wait_ms: number): Promise<unknown> =>
    call(place.peer, awaitIdle, { body: { instances, wait_ms } })
  t.same(await idle(0), { busy: instances })
  t.same(await idle(5000), { busy: [] })
  for (const client of clients) t.equal(bodyOf(await client.all()), 'hi')
})

eachProcess.test('a change to the table reaches all workers', async (t) => {
  const { place } = await open(t)
  const second = await httpBackend(t, (_, response) => response.end('second'))
  const { sites } = tableOf(2, [instanceAt(second.port)])
  const body = { after: 1, number: 2, sites, rules: [], gone_sites: [], gone_rules: [] }
  t.same(await call(place.peer, changeTable, { body }), { number: 2 })
  const answers = Array.from({ length: 20 }, () => dial(t, place.port).send(get()).all())
  for (const answer of await Promise.all(answers)) t.equal(bodyOf(answer), 'second')
  t.equal((await call(place.peer, getTable)).number, 2)
})

eachProcess.test('a router with workers is upgraded under load: no request fails', async (t) => {
  const { place, router } = await open(t)
  const load = new Load(place.port)
  await sleep(300)
  const next = await place.replace({ ROUTER_WORKERS: '3' })
  t.equal(await router.exit, 0)
  t.equal(childrenOf(next.child.pid).length, 3)
  const last = await place.replace({ ROUTER_WORKERS: '1' })
  t.equal(await next.exit, 0)
  t.equal(childrenOf(last.child.pid).length, 0)
  await load.stop()
  t.same(load.failed, [])
})

eachProcess.test(
  'workers whose main process was killed let their requests end, and are found',
  async (t) => {
    const { place, router, app, pids } = await open(t, 1500)
    const clients = Array.from({ length: 8 }, () => dial(t, place.port).send(get()))
    await until('all have been sent on', () => app.seen.length === 8)
    const orphans = pids()
    router.child.kill('SIGKILL')
    await router.exit
    await place.start(workers).started()
    const instances = [instanceAt(app.port).id]
    const body = { instances, wait_ms: 10_000 }
    t.same(await call(place.peer, awaitIdle, { body }), { busy: [] })
    for (const client of clients) t.equal(bodyOf(await client.all()), 'hi')
    await until('they have ended', () => orphans.every((pid) => !isRunning(pid)))
  },
)

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
