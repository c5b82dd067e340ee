const { createServer } = require('node:http')
const greeting = require('greeting')

const page = greeting.to(process.env.SLIPWAY_RELEASE)
const server = createServer((_request, response) => response.end(page))
server.listen(process.env.PORT ?? 5000)
process.on('SIGTERM', () => server.close())
