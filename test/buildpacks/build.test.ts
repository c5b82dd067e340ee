import t from 'tap'
import { buildHere, isLacking } from './pack.ts'

const skip = isLacking === false ? {} : { skip: `${isLacking} is not on this host` }
const page = '<p>hello</p>'

t.test('the first pack that knows the app takes it', skip, async (t) => {
  const kinds = {
    nodejs: { 'package.json': '{"scripts":{"start":"node a.js"}}', 'requirements.txt': '' },
    python: { 'requirements.txt': '', 'go.mod': '' },
    go: { 'go.mod': 'module example.com/a', 'index.html': page },
    static: { 'index.html': page },
  }
  for (const [pack, files] of Object.entries(kinds)) {
    const { result } = await buildHere(t.testdir(files))
    t.equal(result.pack, pack)
  }
})

t.test('an app nobody knows fails at detect', skip, async (t) => {
  const { code, result } = await buildHere(t.testdir({ 'main.c': '' }))
  t.not(code, 0)
  t.match(result, { stage: 'detect', pack: '', process_types: {} })
})

t.test('the Procfile wins over what the pack proposes', skip, async (t) => {
  const app = t.testdir({
    'index.html': page,
    Procfile: '# how it runs\r\nweb: ./serve "a\\b"\r\n\r\nworker: ./work --fast  \r\n',
  })
  const { code, result } = await buildHere(app)
  t.equal(code, 0)
  t.strictSame(result.process_types, { web: './serve "a\\b"', worker: './work --fast' })
})

t.test('what the Procfile leaves open the pack proposes', skip, async (t) => {
  const { result } = await buildHere(t.testdir({ 'index.html': page, Procfile: 'worker: ./work' }))
  t.strictSame(Object.keys(result.process_types), ['web', 'worker'])
})

t.test('a line of the Procfile that is none is named', skip, async (t) => {
  const app = t.testdir({ 'index.html': page, Procfile: 'web: ./serve\nworker ./work\n' })
  const { code, output, result } = await buildHere(app)
  t.equal(code, 1)
  t.equal(result.stage, 'release')
  t.match(output, 'error: Line 2 of the Procfile is not of the form `type: command`.')
})

t.test('packs can be named instead of detected', skip, async (t) => {
  const app = t.testdir({ 'package.json': '{}', 'index.html': page })
  const { result } = await buildHere(app, { SLIPWAY_PACKS: 'static' })
  t.equal(result.buildpack, 'Static')
})
