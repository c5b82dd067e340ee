import t from 'tap'
import { createApp } from '#contract/app.ts'
import { listBuilds } from '#contract/build.ts'
import { readConfig } from '#controller/config.ts'
import { startPlatform } from '#test/controller/platform.ts'
import { push } from '#test/controller/push.ts'

async function streamUrl(t: Parameters<typeof startPlatform>[0], env: Record<string, string>) {
  const platform = await startPlatform(t, {}, env)
  const alice = await platform.user('alice@example.com')
  const { id } = await alice(createApp, { body: { name: 'shop' } })
  await push(platform, { app: id, by: alice, text: 'one' })
  const [build] = await alice(listBuilds, { params: { app: 'shop' } })
  return { url: platform.url, stream: build?.output_stream_url ?? '' }
}

t.test('capability URLs begin with the address the client used', async (t) => {
  const { url, stream } = await streamUrl(t, {})
  t.ok(stream.startsWith(`${url}/streams/`))
})

t.test('behind a proxy they begin with SLIPWAY_API_URL', async (t) => {
  const { stream } = await streamUrl(t, { SLIPWAY_API_URL: 'https://api.example.org/' })
  t.match(stream, /^https:\/\/api\.example\.org\/streams\/[^/]+$/)
})

t.test('SLIPWAY_API_URL and SLIPWAY_ADDRESSES must be what they are called', (t) => {
  for (const value of ['api.example.org', 'ftp://x', 'https://a@b', 'https://x/?a=b', 'nonsense']) {
    t.throws(() => readConfig({ SLIPWAY_API_URL: value }), /SLIPWAY_API_URL must be/, value)
  }
  t.equal(readConfig({}).apiUrl, null)
  t.equal(readConfig({ SLIPWAY_API_URL: 'https://x.org/slipway/' }).apiUrl, 'https://x.org/slipway')
  t.throws(() => readConfig({ SLIPWAY_ADDRESSES: '1.2.3' }), /not "1\.2\.3"/)
  t.same(readConfig({ SLIPWAY_ADDRESSES: '192.0.2.1, 2001:DB8::0' }).addresses, [
    '192.0.2.1',
    '2001:db8::',
  ])
  t.end()
})
