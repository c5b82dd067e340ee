import { createServer } from 'node:http'

process.on('SIGTERM', () => process.stdout.write('SIGTERM ignored\n'))
const release = process.env.SLIPWAY_RELEASE ?? 'none'
createServer((request, response) => response.end(`still here, release ${release}\n`)).listen(
  process.env.PORT ?? 5000,
)
