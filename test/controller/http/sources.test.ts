import t from 'tap'
import { createApp, getApp, updateApp } from '#contract/app.ts'
import { createBuild, verifyBuild } from '#contract/build.ts'
import { createSource } from '#contract/source.ts'
import { getStack, listStacks } from '#contract/stack.ts'
import { finishBuild } from '#contract/push.ts'
import { begin, push } from '#test/controller/push.ts'
import { startPlatform } from '#test/controller/platform.ts'

t.test('what is uploaded can be read by who was told where, and by nobody else', async (t) => {
  const { user } = await startPlatform(t, {}, { SLIPWAY_SOURCE_LIMIT: '1000' })
  const alice = await user('alice@example.com')
  const { source_blob: place } = await alice(createSource)
  const put = (url: string, body: string) => fetch(url, { method: 'PUT', body })
  t.equal((await fetch(place.get_url)).status, 404, 'nothing is there yet')
  t.equal((await put(place.put_url, 'the bytes')).status, 200)
  t.equal(await (await fetch(place.get_url)).text(), 'the bytes')
  t.equal((await put(place.get_url, 'other')).status, 404, 'reading is not writing')
  t.equal((await fetch(place.put_url)).status, 404, 'nor writing reading')
  t.equal((await put(`${place.put_url}x`, 'other')).status, 404)
  t.equal((await put(place.put_url, 'x'.repeat(1001))).status, 413)
  t.equal(await (await fetch(place.get_url)).text(), 'the bytes', 'and what was there stays')
})

t.test('only what lies here is built, and only images by digest', async (t) => {
  const { user } = await startPlatform(t)
  const alice = await user('alice@example.com')
  await alice(createApp, { body: { name: 'shop' } })
  const params = { app: 'shop' }
  const far = { source_blob: { url: 'https://example.org/app.tar.gz' } }
  await t.rejects(alice(createBuild, { params, body: far }), { code: 'SOURCE_ELSEWHERE' })
  const image = (name: string) => alice(createBuild, { params, body: { image: { name } } })
  await t.rejects(image('nginx:latest'), { code: 'IMAGE_NOT_PINNED' })
  await t.rejects(image(`--x@sha256:${'a'.repeat(64)}`), { code: 'IMAGE_NOT_PINNED' })
  await t.rejects(image(`shop@sha256:${'a'.repeat(64)}`), { code: 'UNAVAILABLE' })
})

t.test('an app moves to another stack, and runs on the old one until it is built', async (t) => {
  const platform = await startPlatform(t)
  const alice = await platform.user('alice@example.com')
  const { id } = await alice(createApp, { body: { name: 'shop' } })
  await push(platform, { app: id, by: alice, text: 'one' })
  const params = { app: 'shop' }
  t.match(await alice(listStacks), [
    { name: 'slipway-12', default: true },
    { name: 'slipway-13', default: false },
  ])
  const { id: stack } = await alice(getStack, { params: { stack: 'slipway-13' } })
  await alice(updateApp, { params, body: { build_stack: stack } })
  t.match(await alice(getApp, { params }), {
    stack: { name: 'slipway-12' },
    build_stack: { name: 'slipway-13' },
  })
  const wrong = alice(updateApp, { params, body: { build_stack: 'cedar-14', root: 'apps' } })
  await t.rejects(wrong, { code: 'STACK_UNKNOWN' })
  t.equal((await alice(getApp, { params })).root, null, 'and nothing else was changed')
})

t.test('what a failed build made cannot be verified', async (t) => {
  const { user, builder } = await startPlatform(t)
  const alice = await user('alice@example.com')
  const { id } = await alice(createApp, { body: { name: 'shop' } })
  const build = await begin(builder, { app: id, by: alice, text: 'one' })
  await builder(finishBuild, { params: { build }, body: { status: 'failed', stage: 'compile' } })
  const params = { app: 'shop', build }
  await t.rejects(alice(verifyBuild, { params }), { code: 'NOTHING_TO_VERIFY' })
})
