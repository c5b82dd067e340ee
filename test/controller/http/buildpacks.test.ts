import t, { type Test } from 'tap'
import { createApp, destroyApp, getApp, getConfig, setConfig, updateApp } from '#contract/app.ts'
import { listBuildpacks, setBuildpacks } from '#contract/buildpack.ts'
import { listFormation } from '#contract/process.ts'
import { checkOut, finishBuild } from '#contract/push.ts'
import { environmentOf } from '#controller/store/environments.ts'
import { readWish } from '#controller/deploy/place.ts'
import { type Caller, type Platform, startPlatform } from '#test/controller/platform.ts'
import { begin, good } from '#test/controller/push.ts'

const params = { app: 'shop' }

interface Shop {
  readonly platform: Platform
  readonly alice: Caller
  readonly id: string
  /** How the builder is told to build it. */
  readonly told: () => Promise<unknown>
  readonly choose: (...packs: string[]) => Promise<string[]>
}

async function openShop(t: Test): Promise<Shop> {
  const platform = await startPlatform(t)
  const alice = await platform.user('alice@example.com')
  const { id } = await alice(createApp, { body: { name: 'shop' } })
  const query = { user: alice.id }
  return {
    platform,
    alice,
    id,
    told: async () => (await platform.builder(checkOut, { params, query })).build,
    choose: async (...packs) => {
      const updates = packs.map((buildpack) => ({ buildpack }))
      const chosen = await alice(setBuildpacks, { params, body: { updates } })
      return chosen.map(({ ordinal, buildpack }) => `${ordinal} ${buildpack.name}`)
    },
  }
}

t.test('buildpacks are chosen in order, and the builder is told', async (t) => {
  const { alice, choose, told } = await openShop(t)
  t.match(await told(), { buildpacks: [], root: '', dockerfile: null })
  const url = 'https://git.example.org/team/fonts.git#v2'
  t.strictSame(await choose(url, 'nodejs', 'https://example.org/a.tgz'), [
    '0 git.example.org/team/fonts#v2',
    '1 nodejs',
    '2 example.org/a.tgz',
  ])
  t.match(await told(), { buildpacks: [url, 'nodejs', 'https://example.org/a.tgz'] })
  t.match(await alice(listBuildpacks, { params }), [{ ordinal: 0, buildpack: { url } }, {}, {}])
  t.strictSame(await choose(), [])
})

t.test(
  'what cannot be a buildpack is refused with the reason, and nothing is changed',
  async (t) => {
    const { choose, told } = await openShop(t)
    await choose('nodejs')
    const wrong = {
      'git@example.org:a/b.git': /write its address as https/,
      'https://ada:secret@example.org/a.git': /no user and no password/,
      'javascript:alert(1)': /must begin with https/,
      'Node JS': /neither a short name/,
      'https://example.org/a.git#--upload-pack=x': /branch, tag or commit/,
      'https://example.org/a.tgz#v1': /an archive has no #ref/,
    }
    for (const [pack, message] of Object.entries(wrong)) {
      const error = await choose('python', pack).catch((thrown: unknown) => thrown)
      t.match(error, { code: 'BUILDPACK_INVALID', message }, pack)
      t.notMatch(String(error), 'secret')
    }
    t.match(await told(), { buildpacks: ['nodejs'] })
  },
)

t.test('an app may be a directory of its repository, with a Dockerfile anywhere', async (t) => {
  const { alice, told } = await openShop(t)
  const app = await alice(updateApp, {
    params,
    body: { root: './apps/web/', dockerfile: 'docker/D' },
  })
  t.match(app, { root: 'apps/web', dockerfile: 'docker/D', maintenance: false })
  t.match(await told(), { buildpacks: [], root: 'apps/web', dockerfile: 'docker/D' })
  await alice(updateApp, { params, body: { maintenance: true } })
  t.match(await alice(getApp, { params }), { root: 'apps/web', maintenance: true })
  for (const root of ['../x', '/etc', 'a/.GIT/b', 'a\nb']) {
    const asked = alice(updateApp, { params, body: { root } })
    await t.rejects(asked, { code: 'REPOSITORY_PATH_INVALID' }, root)
  }
  t.match(await alice(updateApp, { params, body: { root: null, dockerfile: null } }), {
    root: null,
    dockerfile: null,
  })
  await alice(destroyApp, { params })
})

t.test('config and formation of the app itself count where nobody has said anything', async (t) => {
  const { platform, alice, id } = await openShop(t)
  await alice(setConfig, { params, body: { LANG: 'de' } })
  const finish = async (text: string, first: object): Promise<unknown> => {
    const types = { web: 'a', worker: 'b', clock: 'c' }
    const body = good({ text, types })
    const build = await begin(platform.builder, { app: id, by: alice, text })
    const slug = { ...body.slug, first: { config: {}, formation: {}, ...first } }
    return (await platform.builder(finishBuild, { params: { build }, body: { ...body, slug } }))
      .release
  }
  const wishes = { config: { LANG: 'en', KEY: 'made' }, formation: { worker: 2, clock: 900 } }
  t.match(await finish('one', wishes), { version: 2, config_keys: ['KEY', 'LANG'] })
  t.strictSame(await alice(getConfig, { params }), { KEY: 'made', LANG: 'de' })
  const quantities = async (): Promise<number[]> =>
    (await alice(listFormation, { params })).map(({ quantity }) => quantity)
  t.strictSame(await quantities(), [1, 2, 20], 'and no more copies than one may have')
  await finish('two', { config: { KEY: 'other' }, formation: { worker: 5 } })
  t.match(await alice(getConfig, { params }), { KEY: 'made' })
  t.strictSame(await quantities(), [1, 2, 20])
})

t.test('a command for the first deployment runs in it and in no other', async (t) => {
  const { platform, alice, id } = await openShop(t)
  const { db } = platform.deps
  const types = { web: 'a', release: 'migrate', 'postdeploy-once': 'seed # once' }
  const deploy = async (text: string): Promise<void> => {
    const build = await begin(platform.builder, { app: id, by: alice, text })
    await platform.builder(finishBuild, { params: { build }, body: good({ text, types }) })
  }
  const environment = await environmentOf(db, id)
  const task = async (): Promise<unknown> =>
    (await readWish(db, 'main', environment.id))?.wanted.open?.task?.command
  await deploy('one')
  t.equal(await task(), '(migrate) && (seed # once\n)')
  t.match(await alice(listFormation, { params }), [{ type: 'web' }], 'it is not to be scaled')
  await db.updateTable('deployments').set({ state: 'failed' }).execute()
  await deploy('two')
  t.equal(await task(), '(migrate) && (seed # once\n)', 'one that failed was none')
  await db
    .updateTable('deployments')
    .set({ state: 'succeeded' })
    .where('state', '=', 'pending')
    .execute()
  await deploy('three')
  t.equal(await task(), 'migrate')
})
