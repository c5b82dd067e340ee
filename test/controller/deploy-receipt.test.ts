import t from 'tap'
import { receiptOf } from '#controller/store/deployments.ts'
import { openWorld } from '#test/controller/deploy-world.ts'

const web = { web: 'node server.js' }
const site = 'shop/production'

t.test(
  'the router counts from before a deployment’s copies start until the last old one is gone',
  async (t) => {
    const world = await openWorld(t)
    const { router } = world
    const id = await world.release(web)
    await world.reaches(id, 'succeeded')
    router.receipt = { ...router.receipt, served: 4312, held: 12, longest_hold_ms: 1200 }
    const next = await world.release(web)
    await world.reaches(next, 'succeeded')
    await world.until(async () => (await world.row(next)).receipt !== null)
    t.same(router.counted, [
      { id, action: 'open', site },
      { id, action: 'close', site },
      { id: next, action: 'open', site },
      { id: next, action: 'close', site },
    ])
    t.match(receiptOf(await world.row(next)), { served: 4312, held: 12, longest_hold_ms: 1200 })
  },
)

t.test('a deployment that fails has a receipt too', async (t) => {
  const world = await openWorld(t, { program: () => async () => 1 })
  const id = await world.release(web)
  await world.reaches(id, 'failed')
  await world.until(async () => (await world.row(id)).receipt !== null)
  t.same(receiptOf(await world.row(id)), world.router.receipt)
})

t.test('a controller that starts in between goes on with the same count', async (t) => {
  const world = await openWorld(t, { settings: { drainMs: 300 } })
  const id = await world.release(web)
  await world.reaches(id, 'succeeded')
  const next = await world.release(web)
  await world.reaches(next, 'routing', 'draining')
  await world.restart()
  await world.reaches(next, 'succeeded')
  await world.until(async () => (await world.row(next)).receipt !== null)
  t.same(
    world.router.counted.filter((one) => one['id'] === next).map(({ action }) => action),
    ['open', 'close'],
  )
})

t.test('a router that does not count holds up no deployment', async (t) => {
  const world = await openWorld(t)
  world.router.isCounting = false
  const id = await world.release(web)
  await world.reaches(id, 'succeeded')
  t.equal((await world.row(id)).receipt, null)
})
