import t from 'tap'
import { parseIgnore } from '#builder/build/ignore.ts'
import { parseProcfile } from '#builder/build/procfile.ts'
import { BuildQueue } from '#builder/build/queue.ts'
import { parseNeeds } from '#builder/build/runtime.ts'
import { readConfig } from '#builder/config.ts'
import { durationText, sizeText } from '#builder/units.ts'

t.test('a Procfile is read as people write it', async (t) => {
  const text =
    '\uFEFF# how it runs\r\nweb:  node server.js --url http://x:1 \r\n\r\nrelease: ./migrate'
  t.strictSame(parseProcfile(text), {
    web: 'node server.js --url http://x:1',
    release: './migrate',
  })
  t.strictSame(parseProcfile(''), {})
})

t.test('an error in a Procfile names its line and what to write', async (t) => {
  t.throws(() => parseProcfile('web node'), { message: /line 1 .* no colon/, hint: /web: node/ })
  t.throws(() => parseProcfile('\nweb:'), { message: /line 2 .* no command/ })
  t.throws(() => parseProcfile('my web: x'), { message: /line 1 .* process type/ })
  t.throws(() => parseProcfile('web: a\nweb: b'), {
    message: 'line 2 of the Procfile names "web" a second time',
  })
})

t.test('a .dockerignore leaves out what it names, the last line decides', async (t) => {
  const isIgnored = parseIgnore('# c\nnode_modules\n*.log\n**/tmp\n/docs/\n!docs/keep.md\na?c\n')
  const left = ['node_modules', 'node_modules/a/b', 'x.log', 'tmp', 'a/b/tmp/c', 'docs/x', 'abc']
  for (const path of left) t.ok(isIgnored(path), path)
  for (const path of ['a/x.log', 'docs/keep.md', 'src', 'node_modules2', 'a/c'])
    t.notOk(isIgnored(path), path)
})

t.test('needs of a build are read strictly', async (t) => {
  const text = 'node 24.x\n../x 1\ngo >=1.21 <2\nnode $(id)\n'
  t.strictSame(parseNeeds(text), [
    { name: 'node', spec: '24.x' },
    { name: 'go', spec: '>=1.21 <2' },
  ])
})

t.test('sizes and times are short', async (t) => {
  t.strictSame([31, 18_400_000, 999_960, 2.1e9].map(sizeText), [
    '31 bytes',
    '18.4 MB',
    '1.0 MB',
    '2.1 GB',
  ])
  t.strictSame([40, 9200, 125_000].map(durationText), ['0.0s', '9.2s', '2m05s'])
})

t.test('a turn that is left while waiting is not given away', async (t) => {
  const queue = new BuildQueue({ atOnce: 1, perUser: 1 })
  const signal = new AbortController().signal
  const leaveFirst = await queue.enter('a', () => undefined, signal)
  const gone = new AbortController()
  const second = queue.enter('a', () => undefined, gone.signal)
  const places: number[] = []
  const third = queue.enter('a', ({ before }) => places.push(before), signal)
  gone.abort(new Error('gone'))
  await t.rejects(second, { message: 'gone' })
  leaveFirst()
  const leaveThird = await third
  t.strictSame(places, [2, 1])
  leaveThird()
  ;(await queue.enter('a', () => undefined, signal))()
})

t.test('settings that are wrong stop the builder with a sentence', async (t) => {
  t.throws(() => readConfig({ SLIPWAY_BUILD_ENV: '[]' }), { message: /must be a JSON object/ })
  const { build } = readConfig({ GOPROXY: 'https://proxy', SLIPWAY_BUILD_ENV: '{"A":"b"}' })
  t.strictSame(build.env, { GOPROXY: 'https://proxy', A: 'b' })
})

t.test('patterns of a .dockerignore that would take years are answered at once', async (t) => {
  const beganAt = performance.now()
  const isIgnored = parseIgnore(`${'**/x'.repeat(40)}b\n${'*a'.repeat(120)}b\n`)
  t.notOk(isIgnored(`${'x/'.repeat(200)}c`))
  t.notOk(isIgnored('a'.repeat(255)))
  t.ok(isIgnored(`${'a'.repeat(240)}b/below`))
  t.ok(performance.now() - beganAt < 2000)
  t.throws(() => parseIgnore('x\n'.repeat(1001)), { message: /more than 1000 lines/ })
})
