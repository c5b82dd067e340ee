import t from 'tap'
import { updateApp } from '#contract/app.ts'
import { setBuildpacks } from '#contract/buildpack.ts'
import { openDesk } from './app.ts'
import { fonts } from './canned.ts'

const env = { DEIS_APP: 'shop' }
const builtWith = (...urls: string[]): RegExp => {
  const lines = urls.map((url, at) => `${at + 1}\\. ${url.replaceAll('.', '\\.')}\n`)
  return new RegExp(`^The next push of "shop" is built with:\n${lines.join('')}$`)
}

const calls: readonly (readonly [words: string, stdout: RegExp, stderr: RegExp])[] = [
  ['buildpacks', /^1\. nodejs\n2\. https:\/\/git\.example\.org\/fonts\.git#v2\n$/, /^$/],
  ['buildpacks:set python go', /^$/, builtWith('python', 'go')],
  ['buildpacks:set go --index 1', /^$/, builtWith('go', fonts)],
  ['buildpacks:add python', /^$/, builtWith('nodejs', fonts, 'python')],
  ['buildpacks:add python -i 1', /^$/, builtWith('python', 'nodejs', fonts)],
  ['buildpacks:remove nodejs', /^$/, builtWith(fonts)],
  ['buildpacks:remove --index 2', /^$/, builtWith('nodejs')],
  [
    'buildpacks:clear',
    /^$/,
    /^The buildpack of "shop" is found by its files from the next push on\.\n$/,
  ],
  ['root:set apps/web', /^$/, /^"shop" is built from apps\/web alone, from the next push on\.\n$/],
  ['root:unset', /^$/, /^"shop" is built from its whole repository, from the next push on\.\n$/],
  ['dockerfile:set docker/D', /^$/, /^"shop" is built by docker\/D, from the next push on\.\n$/],
  ['dockerfile:unset', /^$/, /^"shop" is built as its repository says, from the next push on\.\n$/],
]

t.test('each command about how an app is built prints data, and messages beside it', async (t) => {
  const desk = await openDesk(t)
  for (const [words, stdout, stderr] of calls) {
    t.match(await desk.app(words.split(' '), { env }), { code: 0, stdout, stderr }, `app ${words}`)
  }
})

t.test('what is sent is the whole list, and the one path that changes', async (t) => {
  const desk = await openDesk(t)
  await desk.app(['buildpacks:add', 'python'], { env })
  await desk.app(['root:unset'], { env })
  const sent = desk.fake.asked.filter(({ method }) => method !== 'GET')
  t.match(sent, [
    { path: '/apps/shop/buildpack-installations', method: setBuildpacks.method },
    { path: '/apps/shop', method: updateApp.method, body: { root: null } },
  ])
  const updates = ['nodejs', fonts, 'python'].map((buildpack) => ({ buildpack }))
  t.strictSame(sent[0]?.body, { updates })
})

t.test('a place or name that is not in the list is refused before anything is sent', async (t) => {
  const desk = await openDesk(t)
  const wrong = [
    'buildpacks:set go -i 3',
    'buildpacks:remove -i 0',
    'buildpacks:remove cobol',
    'buildpacks:remove',
    'buildpacks:set a b -i 1',
  ]
  for (const words of wrong) {
    t.match(await desk.app(words.split(' '), { env }), { code: 2, stdout: '' }, words)
  }
  t.notOk(desk.fake.asked.some(({ method }) => method === 'PUT'))
})
