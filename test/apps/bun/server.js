import ms from 'ms'

const page = `hello from bun ${ms(60_000)}, release ${process.env.SLIPWAY_RELEASE}\n`
const server = Bun.serve({ port: process.env.PORT ?? 5000, fetch: () => new Response(page) })
process.on('SIGTERM', () => server.stop())
