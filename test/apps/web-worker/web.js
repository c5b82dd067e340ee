import { createServer } from 'node:http'

const release = process.env.SLIPWAY_RELEASE ?? 'none'
createServer((request, response) => response.end(`hello from web, release ${release}\n`)).listen(
  process.env.PORT ?? 5000,
)
