const { createServer } = require('node:http')
const { readFileSync } = require('node:fs')
const ms = require('ms')

const built = readFileSync('built.txt', 'utf8').trim()
const page = `hello from yarn ${built} ${ms(60_000)}, release ${process.env.SLIPWAY_RELEASE}\n`
const server = createServer((_request, response) => response.end(page))
server.listen(process.env.PORT ?? 5000)
process.on('SIGTERM', () => server.close())
