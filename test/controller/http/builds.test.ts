import t from 'tap'
import { createApp } from '#contract/app.ts'
import { getBuild, listBuilds } from '#contract/build.ts'
import { appendOutput, finishBuild, startBuild } from '#contract/push.ts'
import { startPlatform } from '#test/controller/platform.ts'
import type { Caller, Platform } from '#test/controller/platform.ts'
import { begin, good } from '#test/controller/push.ts'

async function startShopBuild(
  t: Parameters<typeof startPlatform>[0],
  changes: Parameters<typeof startPlatform>[1] = {},
): Promise<{ platform: Platform; alice: Caller; build: string }> {
  const platform = await startPlatform(t, changes)
  const alice = await platform.user('alice@example.com')
  const { id } = await alice(createApp, { body: { name: 'shop' } })
  const build = await begin(platform.builder, { app: id, by: alice, text: 'one' })
  return { platform, alice, build }
}

const params = { app: 'shop', build: 'latest' }

t.test('a build is found by id, by its first characters and as the latest', async (t) => {
  const { platform, alice, build } = await startShopBuild(t)
  const pending = { id: build, status: 'pending', branch: 'main', release: null, slug: null }
  for (const named of [build, build.slice(0, 8), 'latest']) {
    t.match(await alice(getBuild, { params: { app: 'shop', build: named } }), pending)
  }
  await platform.builder(finishBuild, { params: { build }, body: good({ text: 'one' }) })
  const done = await alice(listBuilds, { params: { app: 'shop' } })
  t.match(done, [{ status: 'succeeded', release: { version: 1 } }])
  const none = alice(getBuild, { params: { app: 'shop', build: build.slice(0, 7) } })
  await t.rejects(none, { code: 'BUILD_NOT_FOUND' })
})

t.test('a stranger of the app cannot be named as its pusher', async (t) => {
  const { platform } = await startShopBuild(t)
  const bob = await platform.user('bob@example.com')
  const body = { app: bob.id, user: bob.id, commit: 'a'.repeat(40), branch: 'm', description: '' }
  await t.rejects(platform.builder(startBuild, { body }), { code: 'APP_NOT_FOUND' })
})

t.test('whoever has its address reads along until the build ends', async (t) => {
  const { platform, alice, build } = await startShopBuild(t)
  const append = (offset: number, text: string) =>
    platform.builder(appendOutput, { params: { build }, body: { offset, text } })
  await append(0, '-----> Node.js äpp\n')
  const { output_stream_url: url } = await alice(getBuild, { params })
  const response = await fetch(url)
  t.equal(response.headers.get('content-type'), 'text/plain; charset=utf-8')
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  t.equal((await reader?.read())?.value, '-----> Node.js äpp\n')
  const next = reader?.read()
  await append(20, 'compiled\n')
  t.equal((await next)?.value, 'compiled\n')
  const body = { status: 'failed', stage: 'compile' } as const
  await platform.builder(finishBuild, { params: { build }, body })
  t.equal((await reader?.read())?.done, true)
  t.equal(await (await fetch(url)).text(), '-----> Node.js äpp\ncompiled\n', 'all of it afterwards')
})

t.test('output that is sent again is kept once, and a gap is refused', async (t) => {
  const { platform, alice, build } = await startShopBuild(t)
  const append = (offset: number, text: string) =>
    platform.builder(appendOutput, { params: { build }, body: { offset, text } })
  await append(0, 'one ')
  await Promise.all([append(4, 'two '), append(4, 'two ')])
  await append(0, 'one two three')
  await append(0, 'one')
  await t.rejects(append(99, 'lost'), { code: 'INVALID_PARAMS', message: /after the 13 bytes/ })
  const body = { status: 'cancelled', stage: 'compile' } as const
  await platform.builder(finishBuild, { params: { build }, body })
  const { output_stream_url: url } = await alice(getBuild, { params })
  t.equal(await (await fetch(url)).text(), 'one two three')
})

t.test('an address that is made up or has expired leads nowhere', async (t) => {
  let now = new Date('2026-01-31T10:00:00Z')
  const { platform, alice, build } = await startShopBuild(t, { now: () => now })
  const { output_stream_url: url } = await alice(getBuild, { params })
  now = new Date('2026-01-31T13:00:00Z')
  for (const address of [url, `${platform.url}/streams/${build}`, `${url.slice(0, -1)}x`]) {
    t.match(await (await fetch(address)).json(), { code: 'STREAM_EXPIRED' })
  }
})

t.test('a server that closes ends what is followed', async (t) => {
  const { platform, alice } = await startShopBuild(t)
  const { output_stream_url: url } = await alice(getBuild, { params })
  const response = await fetch(url)
  const rest = response.text().catch(() => 'cut')
  await platform.close()
  t.ok(['', 'cut'].includes(await rest))
})
