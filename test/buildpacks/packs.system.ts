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

const serveFiles = 'exec python3 -ISB .slipway/static/serve.py'
const apps: [string, string, string, string][] = [
  // Those that take longest first.
  ['go', 'Go', 'exec bin/hello', 'hello from go, release v7\n'],
  ['java', 'Java', 'java -jar target/hello-1.0.jar', 'hello from java, release v7\n'],
  ['rust', 'Rust', 'exec bin/server', 'hello from rust, release v7\n'],
  ['node', 'Node.js', 'node server.js', 'hello from node, release v7\n'],
  ['pnpm', 'Node.js', 'node server.js', 'hello from pnpm 7.8.9 1m, release v7\n'],
  ['yarn', 'Node.js', 'node server.js', 'hello from yarn 7.8.9 1m, release v7\n'],
  ['berry', 'Node.js', 'node packages/web/server.js', 'hello from berry 1m, release v7\n'],
  ['site', 'Node.js', serveFiles, 'hello from site'],
  ['bun', 'Bun', 'bun server.js', 'hello from bun 1m, release v7\n'],
  ['deno', 'Deno', denoRun('main.js'), 'hello from deno 1m, release v7\n'],
  ['python', 'Python', 'gunicorn app:app', 'hello from python, release v7\n'],
  ['uv', 'Python', 'python server.py', 'hello from uv, release v7\n'],
  ['poetry', 'Python', 'gunicorn app:app', 'hello from poetry without dev, release v7\n'],
  ['django', 'Python', 'gunicorn hello.wsgi', 'hello from django, 1 static file, release v7\n'],
  ['ruby', 'Ruby', 'bundle exec ruby server.rb', 'hello from ruby, release v7\n'],
  ['php', 'PHP', 'php-web public', 'hello from php, release v7\n'],
  ['elixir', 'Elixir', 'exec _release/bin/hello start', 'hello from elixir, release v7\n'],
  ['apt', 'Python', 'gunicorn app:app', 'hello from apt, FIGlet, True, release v7\n'],
  ['static', 'Static', serveFiles, 'hello from static'],
]
// Each with its own downloads: two at a time are about as fast as it gets.
t.jobs = 2
for (const [name, buildpack, web, answer] of apps) {
  t.test(
    `${buildpack}: the sample ${name} is built, answers, and is built again from its cache`,
    { buffered: true },
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

const jar = { 'gradle-wrapper.jar': '', 'gradle-wrapper.properties': gradleProperties() }
const languages: [string, Files][] = [
  [
    'pnpm-lock.yaml does not match package.json. hint: Run `pnpm install`',
    {
      'package.json': '{"scripts":{"start":"node ."},"dependencies":{"ms":"2.1.3"}}',
      'pnpm-lock.yaml': "lockfileVersion: '9.0'\n\nimporters:\n\n  .: {}\n",
    },
  ],
  [
    'The build script wrote no index.html',
    { 'package.json': '{"scripts":{"build":"node --version"}}' },
  ],
  [
    'poetry.lock does not match pyproject.toml',
    {
      'pyproject.toml': '[tool.poetry]\npackage-mode = false\n',
      'poetry.lock': 'package = []\n[metadata]\nlock-version = "2.1"\ncontent-hash = "0"\n',
      'app.py': '',
    },
  ],
  ['pom.xml cannot be read', { 'pom.xml': '<project>' }],
  ['This Gradle app has no wrapper', { 'build.gradle': '' }],
  [
    'The Gradle that gradle/wrapper/gradle-wrapper.properties names could not be fetched',
    {
      'build.gradle': "plugins { id 'org.springframework.boot' }",
      gradlew:
        'grep -q "^distributionUrl=https..//mirror.example.com/g/gradle-8.zip$" gradle/wrapper/*.properties && echo "UnknownHostException org.gradle.wrapper"; exit 1',
      gradle: { wrapper: jar },
    },
  ],
  ['rust-toolchain.toml asks for Rust 9.99', rust({ 'rust-toolchain.toml': 'channel = "9.99"' })],
  [
    'The programs of Cargo.toml could not be built',
    rust({ src: { 'main.rs': 'fn main() { x }' } }),
  ],
  [
    'A gem of Gemfile could not be fetched',
    { Gemfile: "source 'https://gems.example.com'\ngem 'a'" },
  ],
  ['.ruby-version asks for Ruby 1.8', { Gemfile: '', '.ruby-version': '1.8' }],
  [
    'composer.json or a package of it asks for another PHP',
    { 'composer.json': '{"require":{"php":">=99"},"repositories":[{"packagist":false}]}' },
  ],
  ['mix.exs asks for another Elixir', { 'mix.exs': mix('~> 99.0') }],
  [
    '.tool-versions asks for Elixir 0.9',
    { 'mix.exs': mix('~> 1.0'), '.tool-versions': 'elixir 0.9' },
  ],
  [
    'has no package no-such-thing, which Aptfile names',
    { Aptfile: 'no-such-thing', 'index.html': '' },
  ],
]

t.test('what registries and compilers complain of is said in one sentence', async (t) => {
  const start = { scripts: { start: 'node .' } }
  const lock = JSON.stringify({ lockfileVersion: 3, packages: { '': {} } })
  const package_ = (json: object): string => JSON.stringify({ ...start, ...json })
  const cases: [string, Files][] = [
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
  for (const [sentence, files] of [...cases, ...languages]) {
    const app = await sandbox.checkOut(t.testdir(files))
    const { code, output, result } = await sandbox.build(app, cache, {
      GRADLE_DISTRIBUTIONS: 'https://mirror.example.com/g',
    })
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

t.test('every program of a module or workspace is a process type', async (t) => {
  const main = 'package main\n\nfunc main() {}\n'
  const module_ = {
    'go.mod': 'module example.com/shop\n\ngo 1.24\n',
    cmd: { web: { 'main.go': main }, mailer: { 'main.go': main } },
  }
  const crate = rust({ src: { 'main.rs': 'fn main() {}', bin: { 'mailer.rs': 'fn main() {}' } } })
  const cache = await sandbox.cache()
  const built = async (files: Files): Promise<unknown> => {
    const app = await sandbox.checkOut(t.testdir(files))
    const { result } = await sandbox.build(app, cache)
    return result.process_types
  }
  t.strictSame(await built(module_), { mailer: 'exec bin/mailer', web: 'exec bin/web' })
  t.strictSame(await built(crate), { a: 'exec bin/a', mailer: 'exec bin/mailer' })
})

type Files = NonNullable<Parameters<typeof t.testdir>[0]>

function denoRun(file: string): string {
  return `exec deno run --allow-net --allow-env --allow-read --allow-sys ${file}`
}

function gradleProperties(): string {
  return 'distributionUrl=https\\://example.com/distributions/gradle-8.zip\n'
}

function rust(files: object): Files {
  return {
    'Cargo.toml': '[package]\nname = "a"\nversion = "1.0.0"\n',
    src: { 'main.rs': 'fn main() {}' },
    ...files,
  }
}

function mix(elixir: string): string {
  return `defmodule A do\n  use Mix.Project\n  def project, do: [app: :a, version: "1.0.0", elixir: "${elixir}"]\nend\n`
}
