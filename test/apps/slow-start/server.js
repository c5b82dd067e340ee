import { createServer } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

// Takes SLOW_SECONDS (8) to begin to listen, as an app does that warms its caches first.
await sleep(Number(process.env.SLOW_SECONDS ?? 8) * 1000)
const release = process.env.SLIPWAY_RELEASE ?? 'none'
createServer((request, response) => response.end(`hello at last, release ${release}\n`)).listen(
  process.env.PORT ?? 5000,
)
