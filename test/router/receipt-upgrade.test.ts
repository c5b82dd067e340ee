import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import type { Test } from 'tap'
import { call } from '#contract/call.ts'
import { putTable } from '#contract/route.ts'
import { countReceipt } from '#contract/watch.ts'
import type { Receipt } from '#contract/watch.ts'
import { eachProcess } from './each-transport.ts'
import { childrenOf, Load, openPlace } from './process-rig.ts'
import type { Place, Program } from './process-rig.ts'
import { dial, get, httpBackend, instanceAt, tableOf } from './rig.ts'
import type { HttpBackend, RawClient } from './rig.ts'

const workers = { ROUTER_WORKERS: '2' }

interface Ground {
  readonly place: Place
  readonly router: Program
  readonly app: HttpBackend
  /** Has the app answer requests for `/held`. */
  readonly letGo: () => void
}

/** A router that counts for the deployment `d`. */
async function open(t: Test, env = {}): Promise<Ground> {
  const place = openPlace(t)
  const { promise: held, resolve: letGo } = Promise.withResolvers<void>()
  const app = await httpBackend(t, (request, response) => {
    const ready = request.url === '/held' ? held : sleep(1)
    request.resume().once('end', () => void ready.then(() => response.end('hi')))
  })
  const router = place.start(env)
  await router.started()
  await call(place.peer, putTable, { body: tableOf(1, [instanceAt(app.port)]) })
  await ask(place, 'open')
  return { place, router, app, letGo }
}

function ask({ peer }: Place, action: 'open' | 'close', id = 'd'): Promise<Receipt> {
  return call(peer, countReceipt, { body: { site: 'a/production', id, action } })
}

/** A request that is with the app when this returns. */
async function hold(t: Test, { place, app }: Ground): Promise<RawClient> {
  const { length } = app.seen
  const client = dial(t, place.port).send(get('/held'))
  while (app.seen.length === length) await sleep(5)
  return client
}

eachProcess.test('routers upgraded under load have one whole receipt together', async (t) => {
  const { place, router } = await open(t, workers)
  await ask(place, 'open', 'e')
  const load = new Load(place.port)
  await sleep(200)
  const second = await place.replace()
  await sleep(200)
  await place.replace(workers)
  await load.stop()
  t.same(load.failed, [])
  const counted = { complete: true, served: load.answered, failed: 0 }
  t.match(await ask(place, 'close', 'e'), counted, 'while some drain')
  await Promise.all([router.exit, second.exit])
  t.match(await ask(place, 'close'), counted, 'when they are gone')
  t.match(await ask(place, 'close'), { complete: false, served: 0 }, 'closed in all of them')
})

t.test('one that drains longer than its successor serves is counted', async (t) => {
  const ground = await open(t)
  const { place, router } = ground
  const first = await hold(t, ground)
  const second = await place.replace()
  await dial(t, place.port).send(get()).all()
  await place.replace()
  t.equal(await second.exit, 0)
  ground.letGo()
  t.match(await first.all(), /hi/)
  t.equal(await router.exit, 0)
  t.match(await ask(place, 'close'), { complete: true, served: 2 })
})

t.test('a receipt is not complete when one that drained was killed; the next one is', async (t) => {
  const ground = await open(t)
  const { place, router } = ground
  await hold(t, ground)
  await place.replace()
  router.child.kill('SIGKILL')
  await router.exit
  t.match(await ask(place, 'close'), { complete: false })
  await ask(place, 'open')
  t.match(await ask(place, 'close'), { complete: true })
})

t.test('a receipt is not complete when a worker was killed', async (t) => {
  const { place, router } = await open(t, workers)
  process.kill(childrenOf(router.child.pid)[0] ?? 0, 'SIGKILL')
  const begun = (): number => router.words().split('"worker.started"').length - 1
  while (begun() < 3) await sleep(20)
  await dial(t, place.port).send(get()).all()
  await place.replace()
  t.match(await ask(place, 'close'), { complete: false, served: 1 })
})
