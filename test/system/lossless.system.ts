import t from 'tap'
import { rollBack } from '#contract/release.ts'
import { openPlatform, until } from './harness.ts'
import { startLoad } from './load.ts'

const slipway = await openPlatform()
t.teardown(() => slipway.close())

t.test('deploys and rollbacks under load fail no request', async (t) => {
  const app = await slipway.newApp('node')
  t.equal((await app.push()).code, 0)
  const load = startLoad(slipway.platform.httpPort, `${app.name}.localhost`, { perSecond: 100 })
  for (let round = 0; round < 3; round += 1) {
    await app.change('round.txt', String(round))
    t.equal((await app.push()).code, 0)
    await slipway.call(rollBack, { params: { app: app.name }, body: { release: '1' } })
  }
  await until('the load has sent a few hundred', () => load.sent() > 300)
  const { failed, sent } = await load.stop()
  t.equal(failed.length, 0, `${failed.length} of ${sent} failed: ${failed.slice(0, 3).join('; ')}`)
})

t.test(
  'an app that ignores SIGTERM neither drops a request nor holds up the next deploy',
  async (t) => {
    const app = await slipway.newApp('ignores-sigterm')
    t.equal((await app.push()).code, 0)
    const load = startLoad(slipway.platform.httpPort, `${app.name}.localhost`, { perSecond: 50 })
    await app.change('round.txt', '1')
    t.equal((await app.push()).code, 0)
    await app.change('round.txt', '2')
    t.equal((await app.push()).code, 0)
    const { failed } = await load.stop()
    t.same(failed, [])
  },
)
