import t from 'tap'
import { openPlatform } from './harness.ts'

const slipway = await openPlatform()
t.teardown(() => slipway.close())

const samples = [
  { sample: 'node', built: 'Node.js app detected' },
  { sample: 'python', built: 'Python app detected' },
  { sample: 'go', built: 'Go app detected' },
  { sample: 'static', built: 'Static' },
  { sample: 'dockerfile', built: 'Dockerfile' },
  { sample: 'web-worker', built: 'Node.js app detected' },
  { sample: 'slow-start', built: 'app detected' },
]

for (const { sample, built } of samples) {
  t.test(`a push of the ${sample} sample becomes a page`, async (t) => {
    const app = await slipway.newApp(sample)
    const push = await app.push()
    t.equal(push.code, 0, push.output)
    t.match(push.output, built)
    t.match(push.output, /success: v\d+ is live at /)
    t.equal((await app.get()).status, 200)
  })
}
