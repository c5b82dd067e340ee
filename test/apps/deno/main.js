import ms from 'ms'

const page = `hello from deno ${ms(60_000)}, release ${Deno.env.get('SLIPWAY_RELEASE')}\n`
const server = Deno.serve({ port: Number(Deno.env.get('PORT') ?? 5000) }, () => new Response(page))
Deno.addSignalListener('SIGTERM', () => server.shutdown())
