import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { docker, Sandbox } from './sandbox.ts'

// Downloads of runtimes and a first Go build take their time.
t.setTimeout(600_000)
const sandbox = await Sandbox.open()
t.teardown(() => sandbox.close())
const sample = (name: string): string => join(import.meta.dirname, '../apps', name)

t.test('no program of the stack changes its user', async (t) => {
  for (const image of ['slipway-12:run', 'slipway-12:build']) {
    const search = ['find', '/', '-xdev', '-type', 'f', '-perm', '/6000']
    t.equal(await docker('run', '--rm', '--name', `bp-test-${process.pid}`, image, ...search), '')
  }
})

const apps: [string, string, string, string][] = [
  ['node', 'Node.js', 'node server.js', 'hello from node, release v7\n'],
  ['python', 'Python', 'gunicorn app:app', 'hello from python, release v7\n'],
  ['go', 'Go', 'exec bin/hello', 'hello from go, release v7\n'],
  ['static', 'Static', 'exec python3 -ISB .slipway/static/serve.py', 'hello from static'],
]
for (const [name, buildpack, web, answer] of apps) {
  t.test(
    `${buildpack}: the sample is built, answers, and is built again from its cache`,
    async (t) => {
      const app = await sandbox.checkOut(sample(name))
      const cache = await sandbox.cache()
      const { code, output, result } = await sandbox.build(app, cache)
      t.equal(code, 0, output)
      t.match(result, { stage: 'release', buildpack, process_types: { web }, needs: [] })
      t.match(await sandbox.answer(app, web), answer)

      const again = await sandbox.build(app, cache, { SLIPWAY_LAYER: 'hit' })
      t.equal(again.code, 0, again.output)
      t.strictSame(again.result, result)
      if (result.layer) t.match(again.output, 'Using cached dependencies')
    },
  )
}

t.test('with its dependencies in place a large app takes far less than 300 ms', async (t) => {
  const app = await sandbox.checkOut(sample('node-large'))
  const cache = await sandbox.cache()
  t.equal((await sandbox.build(app, cache)).code, 0)
  const times: number[] = []
  for (let round = 0; round < 3; round += 1) {
    times.push((await sandbox.build(app, cache, { SLIPWAY_LAYER: 'hit' })).ms)
  }
  t.ok(Math.min(...times) < 300, `${times.join(', ')} ms`)
})

t.test('packages for development build the app and are not in what runs', async (t) => {
  const source = t.testdir({
    'package.json': JSON.stringify({
      scripts: { build: 'semver 1.2.3', start: 'node .' },
      dependencies: {},
      devDependencies: { semver: '7.7.2' },
    }),
    'package-lock.json': JSON.stringify({
      lockfileVersion: 3,
      packages: {
        '': { devDependencies: { semver: '7.7.2' } },
        'node_modules/semver': {
          version: '7.7.2',
          integrity:
            'sha512-RF0Fw+rO5AMf9MAyaRXI4AV0Ulj5lMHqVxxdSgiVbixSCXoEmmX/jk0CuJw4+3SqroYO9VoUh+HcuJivvtJemA==',
          dev: true,
          bin: { semver: 'bin/semver.js' },
        },
      },
    }),
  })
  const app = await sandbox.checkOut(source)
  const cache = await sandbox.cache()
  for (const env of [{}, { SLIPWAY_LAYER: 'hit' }]) {
    const { code, output } = await sandbox.build(app, cache, env)
    t.equal(code, 0, output)
    t.match(output, '       1.2.3\n')
    t.notOk(existsSync(join(app, 'node_modules/semver')))
    t.notOk(existsSync(join(app, 'node_modules/.bin/semver')))
  }
})

t.test('what registries and compilers complain of is said in one sentence', async (t) => {
  const start = { scripts: { start: 'node .' } }
  const lock = JSON.stringify({ lockfileVersion: 3, packages: { '': {} } })
  const package_ = (json: object): string => JSON.stringify({ ...start, ...json })
  const cases: [string, Record<string, string>][] = [
    [
      'package-lock.json does not match package.json. hint: Run `npm install`',
      { 'package.json': package_({ dependencies: { ms: '^2.1.3' } }), 'package-lock.json': lock },
    ],
    [
      'A package of package.json is not in the registry',
      { 'package.json': package_({ dependencies: { ms: '^999.0.0' } }) },
    ],
    [
      'The script "build" of package.json failed.',
      { 'package.json': JSON.stringify({ scripts: { build: 'exit 3', start: 'node .' } }) },
    ],
    [
      'A package of requirements.txt is not in the registry in that version',
      { 'requirements.txt': 'flask==999.0', Procfile: 'web: true' },
    ],
    [
      'go.mod and go.sum do not match the imports',
      {
        'go.mod': 'module example.com/a\n\ngo 1.24\n\nrequire golang.org/x/text v0.21.0\n',
        'main.go': 'package main\n\nimport _ "golang.org/x/text/language"\n\nfunc main() {}\n',
      },
    ],
    [
      'The programs of this module could not be built',
      {
        'go.mod': 'module example.com/a\n\ngo 1.24\n',
        'main.go': 'package main\n\nfunc main() { x }\n',
      },
    ],
  ]
  const cache = await sandbox.cache()
  for (const [sentence, files] of cases) {
    const app = await sandbox.checkOut(t.testdir(files))
    const { code, output, result } = await sandbox.build(app, cache)
    t.equal(code, 1)
    t.equal(result.stage, 'compile')
    t.match(output.replaceAll('\n', ' '), sentence)
  }
})

t.test('a runtime nobody has is refused with what to write instead', async (t) => {
  t.match(
    await sandbox.fetch('nodejs', 'node', '>=99'),
    'error: There is no Node.js that fits ">=99".',
  )
  t.match(await sandbox.fetch('go', 'go', '1.99'), 'error: There is no Go 1.99.')
})
