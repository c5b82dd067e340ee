import { rollBack } from '#contract/release.ts'
import { followDeployment } from '#contract/release.ts'
import { openPlatform } from '#test/system/harness.ts'
import { startLoad } from '#test/system/load.ts'
import { median, row, timed } from './figures.ts'

/** `DEPLOYS` (50) pushes and rollbacks in turn under `RATE` (100) requests a second, GET and POST. */
const deploys = Number(process.env['DEPLOYS'] ?? 50)
const perSecond = Number(process.env['RATE'] ?? 100)

const slipway = await openPlatform()
try {
  const app = await slipway.newApp('node')
  if ((await app.push()).code !== 0) throw new Error('the first push was refused')
  const load = startLoad(slipway.platform.httpPort, `${app.name}.localhost`, { perSecond })
  const wall: number[] = []
  for (let round = 0; round < deploys; round += 1) {
    wall.push(await timed(() => (round % 2 === 0 ? push(round) : back())))
  }
  const { sent, failed, slowestMs } = await load.stop()
  console.log(row(['deploys', 'median, ms', 'requests', 'failed', 'slowest request, ms']))
  console.log(row(['---', '---', '---', '---', '---']))
  console.log(row([deploys, median(wall), sent, failed.length, slowestMs]))
  for (const line of failed.slice(0, 10)) console.log(line)
  process.exitCode = failed.length === 0 ? 0 : 1

  async function push(round: number): Promise<void> {
    await app.change('round.txt', String(round))
    const end = await app.push()
    if (end.code !== 0) throw new Error(end.output)
  }

  async function back(): Promise<void> {
    const params = { app: app.name }
    const { version } = await slipway.call(rollBack, { params, body: { release: '1' } })
    for (;;) {
      const release = String(version)
      const state = await slipway.call(followDeployment, {
        params: { ...params, release },
        query: { wait: 10 },
      })
      if (state.live) return
      if (state.done) throw new Error(state.failure ?? 'the rollback failed')
    }
  }
} finally {
  await slipway.close()
}
