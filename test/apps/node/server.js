import { createServer } from 'node:http'
import ms from 'ms'

const release = process.env.SLIPWAY_RELEASE ?? '1.2.3'

const server = createServer((request, response) => {
  if (request.method === 'POST') {
    request.pipe(response)
    return
  }
  const pages = {
    '/': `hello from node, release ${release}`,
    '/uptime': ms(Math.round(process.uptime() * 1000), { long: true }),
    '/greeting': process.env.GREETING ?? '',
  }
  const page = pages[request.url]
  response.writeHead(page === undefined ? 404 : 200, { 'content-type': 'text/plain' })
  response.end(`${page ?? 'not found'}\n`)
})

server.listen(process.env.PORT ?? 5000, () => process.stdout.write('listening\n'))
process.on('SIGTERM', () => server.close(() => process.exit(0)))
