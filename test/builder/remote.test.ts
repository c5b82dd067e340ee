import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { splitWords } from '#builder/receive/remote/words.ts'
import { addKey } from '#contract/account.ts'
import { call } from '#contract/call.ts'
import type { Endpoint } from '#contract/endpoint.ts'
import { createApp, getConfig } from '#contract/app.ts'
import { serveLogs } from '#controller/http/logs.ts'
import { openLogs, type Logs } from '#controller/logs/logs.ts'
import { openStore } from '#controller/store/open.ts'
import { environmentOf } from '#controller/store/environments.ts'
import { openMemory } from '#driver/memory/memory.ts'
import { openLog } from '#lib/log.ts'
import { startPlatform, type Caller, type Platform } from '#test/controller/platform.ts'
import { push } from '#test/controller/push.ts'
import { openWorld, type World } from './fixture.ts'

interface Street {
  readonly world: World
  readonly platform: Platform
  readonly alice: Caller
  readonly shop: string
  readonly logs: Logs
}

/** A builder and a real controller, and alice with her key and her app. */
async function openStreet(t: Test): Promise<Street> {
  const { fleet } = openMemory()
  const log = openLog('test', () => undefined)
  const folder = await mkdtemp(join(tmpdir(), 'slipway-remote-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const logs = openLogs({ folder, fleet, log })
  t.teardown(() => logs.close())
  const db = await openStore(join(folder, 'slipway.db'))
  const platform = await startPlatform(t, { db, internalToken: 'test-token' }, {}, [
    (http) => serveLogs(http, { db, now: () => new Date() }, logs),
  ])
  const world = await openWorld(t, { SLIPWAY_CONTROLLER_URL: platform.url })
  const alice = await platform.user('alice@example.com')
  await alice(addKey, {
    body: { public_key: await readFile(join(world.root, 'alice.pub'), 'utf8') },
  })
  const { id } = await alice(createApp, { body: { name: 'shop' } })
  return { world, platform, alice, shop: id, logs }
}

/** The builder of this test, which has a token of its own. */
function programOf({ url }: Platform): Caller {
  const peer = { url, token: 'test-token', program: 'controller' }
  const as: Pick<Caller, never> = (endpoint: Endpoint, options: object) =>
    call(peer, endpoint, options)
  return Object.assign(as as Caller, { id: '', peer })
}

t.test('a few commands go by SSH, in the name of whose key it is', async (t) => {
  const { world, platform, alice, shop } = await openStreet(t)
  const ssh = (line: string) => world.ssh([line])
  t.strictSame(await ssh('whoami'), { code: 0, text: 'alice@example.com\n' })
  t.match(await ssh('apps'), { code: 0, text: /^NAME +PAGE +OWNER\nshop +http.+ +alice@/ })
  t.match(await ssh('help'), { code: 0, text: /^COMMAND\nwhoami +Show who you are\.\n/ })
  await push({ ...platform, builder: programOf(platform) }, { app: shop, by: alice, text: 'one' })

  const set = await ssh(`config:set -a shop GREETING='good morning' "QUOTE=it's \\"me\\"" A=$(id)`)
  t.match(set, { code: 0, text: 'Changed GREETING, QUOTE, A of "shop".' })
  const config = await alice(getConfig, { params: { app: 'shop' } })
  t.match(config, { GREETING: 'good morning', QUOTE: 'it\'s "me"', A: '$(id)' })
  t.strictSame(await ssh('config:get -a shop GREETING'), { code: 0, text: 'good morning\n' })
  t.match(await ssh('releases -a shop -n 1'), { code: 0, text: /^RELEASE.+\nv2 +pending +Set /s })
  t.match(await ssh('rollback -a shop v1'), { code: 0, text: 'this is v3' })
  t.match(await ssh('builds -a shop'), { code: 0, text: /succeeded/ })
  t.match(await ssh('ps:scale -a shop web=2'), { code: 0, text: /web +2/ })

  const { db } = platform.deps
  const deed = db.selectFrom('audit').selectAll().where('action', '=', 'config.set')
  t.match(await deed.execute(), [{ actor: 'alice@example.com', target: 'shop' }])
  const tokens = db.selectFrom('tokens').selectAll().where('description', '=', 'ssh')
  t.strictSame(await tokens.execute(), [], 'their tokens ended with them')
})

t.test('what is not hers is not hers by SSH either', async (t) => {
  const { world, platform } = await openStreet(t)
  const bob = await platform.user('bob@example.com')
  await bob(createApp, { body: { name: 'secret' } })
  const theirs = await world.ssh(['config -a secret'])
  t.match(theirs, { code: 1, text: 'error: There is no app "secret", or it is not yours.' })
  t.equal((await world.ssh(['config -a nobody'])).text, theirs.text.replaceAll('secret', 'nobody'))
  t.notMatch((await world.ssh(['apps'])).text, 'secret')
})

t.test('a line that is not of the form says what the form is', async (t) => {
  const { world } = await openStreet(t)
  const wrong: Record<string, string> = {
    'config:set -a shop': 'config:set cannot be run: a word is missing',
    'config:set A=b': 'config:set cannot be run: it needs the name of an app',
    "config:set -a shop 'A=b": 'config:set cannot be run: a quote is not closed',
    'config:set -a shop hunter2': 'a word is not of the form KEY=VALUE',
    'ps:scale -a shop web=-1': 'a word is not of the form TYPE=NUMBER',
    'logs -a shop --follow': 'logs cannot be run: there is no such option',
    'releases -a shop -n 0': 'releases cannot be run: what follows -n is no number',
    'apps x': 'apps cannot be run: there are too many words',
    'config:get -a ../x A': 'config:get cannot be run: it needs the name of an app',
  }
  for (const [line, error] of Object.entries(wrong)) {
    const { code, text } = await world.ssh([line])
    t.equal(code, 1, line)
    t.match(text, `error: ${error}`)
    t.notMatch(text, 'hunter2')
  }
  for (const line of ['appsx', 'APPS', 'apps;id', 'run -a shop bash', '__proto__', ' apps']) {
    t.match((await world.ssh([line])).text, 'Slipway does not know this command', line)
  }
})

t.test('the log is shown, and followed until whoever reads it leaves', async (t) => {
  const { world, platform, shop, logs } = await openStreet(t)
  const { id } = await environmentOf(platform.deps.db, shop)
  logs.event(id, 'deploy', 'v1 is live')
  t.match((await world.ssh(['logs -a shop'])).text, 'slipway[deploy]: v1 is live')
  const following = world.startSsh(['logs -a shop -t -n 1'])
  await following.says('v1 is live')
  logs.event(id, 'deploy', 'v2 is live')
  await following.says('v2 is live')
  following.child.kill()
  await following.ended
})

t.test('words are taken apart by their quotes alone', async (t) => {
  const words: Record<string, string[] | null> = {
    '': [],
    '  a   b\tc ': ['a', 'b', 'c'],
    [`a'b c'"d e"\\ f`]: ['ab cd e f'],
    '"" \'\'': ['', ''],
    '"a\\"b\\\\c\\n"': ['a"b\\c\\n'],
    '$HOME `id` $(id) * ~': ['$HOME', '`id`', '$(id)', '*', '~'],
    'a"b': null,
    'a\\': null,
    'a\0b': null,
  }
  for (const [line, expected] of Object.entries(words))
    t.strictSame(splitWords(line), expected, line)
})
