import t from 'tap'
import { createApp } from '#contract/app.ts'
import { startPlatform } from '#test/controller/platform.ts'
import { push } from '#test/controller/push.ts'

t.test('health needs no token', async (t) => {
  const { url } = await startPlatform(t)
  const response = await fetch(`${url}/health`)
  t.same(await response.json(), { ok: true })
})

t.test('an answer names its request, and an error says what happened and what to do', async (t) => {
  const { url } = await startPlatform(t)
  const response = await fetch(`${url}/nowhere?token=x`)
  t.equal(response.status, 404)
  const id = response.headers.get('request-id')
  t.match(id, /^[0-9a-f-]{36}$/)
  t.same(await response.json(), {
    id: 'not_found',
    message: 'There is nothing at /nowhere.',
    url: 'docs/errors.md#not_found',
    hint: 'The API document, docs/api.json, lists what there is.',
    code: 'NOT_FOUND',
    request_id: id,
  })
})

t.test('a bug is logged whole and told to nobody', async (t) => {
  const { user, logged, url } = await startPlatform(t, {
    foreignSubnets: async () => {
      throw new Error('the secret of the engine room')
    },
  })
  const alice = await user('alice@example.com')
  await t.rejects(alice(createApp, { body: {} }), {
    code: 'INTERNAL',
    status: 500,
    message: 'Something went wrong on our side.',
  })
  const line = JSON.parse(logged.at(-1) ?? '{}') as { error: string; request: string }
  t.match(line.error, /the secret of the engine room[\s\S]+at /)
  t.match(line, { event: 'request.failed', request: /^[0-9a-f-]{36}$/ })
  t.ok(url)
})

t.test(
  'requests of the wrong form are refused with a reason and without their values',
  async (t) => {
    const { url, user } = await startPlatform(t)
    const alice = await user('alice@example.com')
    await alice(createApp, { body: { name: 'shop' } })
    const send = async (body: string, type = 'application/json'): Promise<unknown> => {
      const headers = { authorization: `Bearer ${alice.peer.token ?? ''}`, 'content-type': type }
      const path = `${url}/apps/shop/config-vars`
      return (await fetch(path, { method: 'PATCH', body, headers })).json()
    }
    t.match(await send('{"KEY": {"a": "secret"}}'), {
      code: 'INVALID_PARAMS',
      message: /KEY must be/,
    })
    t.match(await send('[1]'), { code: 'INVALID_PARAMS' })
    t.match(await send('{secret'), { code: 'BAD_REQUEST', message: /not proper JSON/ })
    t.match(await send('{"__proto__": {"a": "b"}}'), { code: 'BAD_REQUEST' })
    t.match(await send('A=secret', 'text/plain'), { code: 'BAD_REQUEST', message: /not JSON/ })
    const large = JSON.stringify({ A: 'x'.repeat(1024 ** 2) })
    t.match(await send(large), { code: 'BAD_REQUEST', message: /larger than 1 MiB/ })
    t.same(await send('{"A":"b"}', 'application/vnd.heroku+json; version=3'), { A: 'b' })
  },
)

t.test('the media types of version 3 and our own are spoken, others are not', async (t) => {
  const { url, user } = await startPlatform(t)
  const alice = await user('alice@example.com')
  const authorization = `Bearer ${alice.peer.token ?? ''}`
  const ask = async (accept: string): Promise<number> =>
    (await fetch(`${url}/account`, { headers: { authorization, accept } })).status
  for (const accept of [
    '*/*',
    'application/json',
    'application/vnd.heroku+json; version=3',
    'application/vnd.heroku+json; version=3.sdk',
    'application/vnd.slipway+json; version=1',
    'text/html, */*;q=0.8',
  ]) {
    t.equal(await ask(accept), 200, accept)
  }
  for (const accept of ['text/html', 'application/vnd.heroku+json; version=2']) {
    t.equal(await ask(accept), 406, accept)
  }
})

t.test('what a client has already is not sent again', async (t) => {
  const { url, user } = await startPlatform(t)
  const alice = await user('alice@example.com')
  const headers = { authorization: `Bearer ${alice.peer.token ?? ''}` }
  const first = await fetch(`${url}/apps`, { headers })
  const tag = first.headers.get('etag') ?? ''
  t.match(tag, /^"[\w-]{27}"$/)
  const again = await fetch(`${url}/apps`, { headers: { ...headers, 'if-none-match': tag } })
  t.equal(again.status, 304)
  t.equal(await again.text(), '')
  await alice(createApp, { body: {} })
  const changed = await fetch(`${url}/apps`, { headers: { ...headers, 'if-none-match': tag } })
  t.equal(changed.status, 200)
})

t.test('releases are paged by Range, forwards and backwards', async (t) => {
  const platform = await startPlatform(t)
  const alice = await platform.user('alice@example.com')
  const { id } = await alice(createApp, { body: { name: 'shop' } })
  for (const text of ['1', '2', '3', '4', '5']) await push(platform, { app: id, by: alice, text })
  const authorization = `Bearer ${alice.peer.token ?? ''}`
  const page = async (range?: string): Promise<[number, number[], string | null]> => {
    const headers = { authorization, ...(range === undefined ? {} : { range }) }
    const response = await fetch(`${platform.url}/apps/shop/releases`, { headers })
    const body = (await response.json()) as { version: number }[] | { code: string }
    const versions = Array.isArray(body) ? body.map(({ version }) => version) : []
    return [response.status, versions, response.headers.get('next-range')]
  }
  t.same(await page(), [200, [1, 2, 3, 4, 5], null])
  t.same(await page('version ..; order=desc,max=2'), [
    206,
    [5, 4],
    'version ]4..; order=desc,max=2',
  ])
  t.same(await page('version ]4..; order=desc,max=2'), [
    206,
    [3, 2],
    'version ]2..; order=desc,max=2',
  ])
  t.same(await page('version ]2..; order=desc,max=2'), [200, [1], null])
  t.same(await page('version 2..4'), [200, [2, 3, 4], null])
  for (const same of ['version ..,order=desc;max=1', 'version ..;order=desc, max=1']) {
    t.same(await page(same), [206, [5], 'version ]5..; order=desc,max=1'], same)
  }
  for (const wrong of ['id ..', 'version ..; max=0', 'version ..; order=up', 'rubbish']) {
    t.same(await page(wrong), [422, [], null], wrong)
  }
})
