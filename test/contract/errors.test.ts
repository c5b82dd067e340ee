import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { listApps } from '#contract/app.ts'
import { call } from '#contract/call.ts'
import { errors } from '#contract/error-rows.ts'
import { errorBody, errorFrom, failure } from '#contract/error.ts'
import { errorDocument } from '#scripts/error-document.ts'

const urlOf = (server: Server): string =>
  `http://127.0.0.1:${(server.address() as AddressInfo).port}`

t.test('docs/errors.md lists every error as the table has it', async (t) => {
  const written = await readFile(new URL('../../docs/errors.md', import.meta.url), 'utf8')
  t.equal(written, errorDocument(), 'make it anew: node scripts/error-document.ts')
})

t.test('every error says in one sentence what happened, and what to do', async (t) => {
  for (const [code, { message, fix }] of Object.entries(errors)) {
    t.match(message, /^(.+[.?)]|\{reason\})$/s, `${code}: ${message}`)
    t.match(fix, /^(.+[.?]|\{\w+\})$/s, `${code}: ${fix}`)
  }
})

t.test('an error crosses the wire and comes out as it went in', async (t) => {
  const error = failure('APP_NOT_FOUND', { app: 'shop' })
  const back = errorFrom(errorBody(error, 'r-1'))
  t.match(back, {
    code: 'APP_NOT_FOUND',
    status: 404,
    message: 'There is no app "shop", or it is not yours.',
    hint: 'See your apps with `app apps`, or make it: `app create shop`.',
    requestId: 'r-1',
  })
})

t.test('an answer that is not ours says which address gave it', async (t) => {
  const server = createServer((_request, response) => response.writeHead(404).end('<h1>nginx</h1>'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const url = urlOf(server)
  await t.rejects(call({ url, program: 'controller' }, listApps), {
    message: `The answer of ${url} (status 404) is not one of ours.`,
    hint: 'Check that this is the right address.',
  })
})

t.test('a server that is not there is UNAVAILABLE, with the reason', async (t) => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const peer = { url: urlOf(server), program: 'controller' }
  await new Promise((done) => server.close(done))
  await t.rejects(call(peer, listApps), {
    code: 'UNAVAILABLE',
    message: 'The controller cannot be reached (ECONNREFUSED).',
  })
})
