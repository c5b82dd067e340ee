import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { BuildSettings } from '#contract/buildpack.ts'
import type { BuiltSlug } from '#contract/push.ts'
import { app, builds, openWorld, Repo, type World } from './fixture.ts'

/** How the app `hello` is to be built, as its owner set it. */
function set(world: World, change: Partial<BuildSettings>): void {
  const found = world.controller.apps.get('hello')
  if (found !== undefined) found.build = { buildpacks: [], root: '', dockerfile: null, ...change }
}

const newestSlug = (world: World): BuiltSlug | undefined =>
  world.controller.builds.at(-1)?.result?.slug

const check = (entry: object): string => json({ healthchecks: { web: [entry] } })

const json = (value: unknown): string => JSON.stringify(value, null, 2)

async function refusals(
  t: Test,
  file: string,
  wrong: readonly (readonly [content: string, says: RegExp])[],
): Promise<void> {
  const world = await openWorld(t)
  world.controller.addApp('hello', world.alice)
  const repo = await Repo.make(world)
  for (const [content, says] of wrong) {
    await repo.commit({ [file]: content })
    const { code, text } = await repo.push('hello', 'main')
    t.not(code, 0, content)
    t.match(text, says, content)
    t.match(text, /hint: /)
    t.notMatch(text, 'went wrong on our side')
  }
  t.equal(world.sandboxes.length, 0, 'nothing was built')
}

t.test('app.json gives config, formation and a first command; what is set stays', async (t) => {
  const world = await openWorld(t)
  world.controller.addApp('hello', world.alice, { LANG: 'de' })
  let seen: Readonly<Record<string, string>> = {}
  world.sandbox = async (spec, onOutput, signal) => {
    seen = spec.secrets
    onOutput(Buffer.from(`key is ${spec.secrets['SECRET_KEY']}\n`))
    return builds()(spec, onOutput, signal)
  }
  const manifest = {
    name: 'hello',
    env: {
      LANG: 'en',
      DEBUG: { value: 'no way', required: false },
      SECRET_KEY: { generator: 'secret' },
      OPTIONAL: { required: false },
    },
    formation: { web: { quantity: 2, size: 'large' }, worker: { quantity: 1 } },
    scripts: { postdeploy: 'bin/seed' },
    cron: [
      { command: ' bin/tidy --all', schedule: ' 0  3 * * *' },
      { command: 'report', schedule: '@daily', concurrency_policy: 'allow', maintenance: true },
    ],
    healthchecks: {
      web: [
        { type: 'startup', name: 'web check', path: '/up', content: 'ok', attempts: 0 },
        { type: 'startup', path: '/warm', warn: true, onFailure: {} },
        { type: 'liveness', uptime: 7 },
        { type: 'readiness', listening: true },
        { command: ['bin/check', "it's", '--fast'], type: 'liveness', wait: 9, timeout: 2 },
        { command: 'bin/check && true', name: 'by hand' },
        { uptime: 3, descripton: 'short', onFailure: { url: 'https://example.com' } },
      ],
      worker: [{ type: 'startup', uptime: 3 }],
    },
    addons: [],
  }
  const repo = await Repo.make(world, { ...app, 'app.json': json(manifest) })
  const { code, text } = await repo.push('hello', 'main')
  t.equal(code, 0, text)
  t.match(text, 'Setting config that the app asks for: DEBUG, SECRET_KEY (generated)')
  t.match(text, 'app.json: 2 commands by schedule (UTC); see when: app cron -a hello')
  for (const note of [
    'healthchecks of "worker" are not made: only web has some',
    'healthchecks.web[1] is left out: "warn" is not done, and a check that fails ends a deploy',
    'healthchecks.web[2] is left out: an "uptime" says nothing of a copy that serves; give it a "path"',
    'healthchecks.web[3] is made before a copy serves, and not again',
    'healthchecks.web[6] has "descripton": nothing is done with that',
    'healthchecks.web[6].onFailure is not done',
  ])
    t.match(text, `hint: app.json: ${note}`)
  t.notMatch(text, 'addons')
  t.match(text, 'key is [hidden]', 'what was generated is a secret from the first moment')
  t.match(seen, { LANG: 'de', DEBUG: 'no way', SECRET_KEY: /^[0-9a-f]{64}$/ })
  t.match(newestSlug(world), {
    process_types: { web: 'node server.js', 'postdeploy-once': 'bin/seed' },
    first: { config: { DEBUG: 'no way' }, formation: { web: 2, worker: 1 } },
  })
  const tries = { name: null, attempts: 3, timeout_s: 5, wait_s: 5, delay_s: 0 }
  const often = { ...tries, type: 'liveness', timeout_s: 2, wait_s: 9 }
  t.same(newestSlug(world)?.cron, [
    {
      schedule: '0 3 * * *',
      command: 'bin/tidy --all',
      concurrency_policy: 'forbid',
      maintenance: false,
    },
    { schedule: '@daily', command: 'report', concurrency_policy: 'allow', maintenance: true },
  ])
  t.same(newestSlug(world)?.health_checks, [
    {
      ...tries,
      kind: 'http',
      name: 'web check',
      port: null,
      path: '/up',
      headers: [],
      content: 'ok',
    },
    { ...tries, kind: 'listening', port: null },
    { ...often, kind: 'command', command: `bin/check 'it'\\''s' --fast` },
    { ...tries, kind: 'command', name: 'by hand', command: 'bin/check && true' },
    { kind: 'uptime', name: null, uptime_s: 3 },
  ])
  t.equal(newestSlug(world)?.first?.config['LANG'], undefined)
  const kept = await readFile(
    join(world.state, 'builder/artifacts', await onlyArtifact(world)),
    'utf8',
  )
  t.notMatch(kept, seen['SECRET_KEY'] ?? '', 'no secret lies beside the slug')
})

async function onlyArtifact(world: World): Promise<string> {
  const { readdir } = await import('node:fs/promises')
  return (await readdir(join(world.state, 'builder/artifacts')))[0] ?? ''
}

t.test(
  'config that app.json requires and nobody set refuses the push with the command to set it',
  async (t) => {
    const world = await openWorld(t)
    world.controller.addApp('hello', world.alice)
    const env = { DATABASE_PASSWORD: { description: 'of the database' }, MAIL_HOST: {} }
    const repo = await Repo.make(world, { ...app, 'app.json': json({ env }) })
    const { code, text } = await repo.push('hello', 'main')
    t.not(code, 0)
    t.match(text, 'error: app.json requires config that is not set: DATABASE_PASSWORD, MAIL_HOST')
    t.match(text, 'app config:set DATABASE_PASSWORD=... MAIL_HOST=... -a hello')
    t.equal(world.sandboxes.length, 0)
    t.match(world.controller.builds.at(-1)?.result, { status: 'failed', stage: 'manifest' })
  },
)

const cron = (...changes: object[]): string =>
  json({ cron: changes.map((change) => ({ command: 'a', schedule: '@daily', ...change })) })

t.test('an app.json that is malformed is refused with its place', async (t) => {
  await refusals(t, 'app.json', [
    ['{\n  "env": {,}\n}', /app\.json is no JSON at line 2, column 11/],
    ['[]', /app\.json holds no object/],
    ['{"env": []}', /app\.json has no object at "env"/],
    ['{"env": {"1A": "x"}}', /app\.json has a name at "env\.1A" that no config var can have/],
    ['{"env": {"A": {"generator": "dice"}}}', /unknown generator at "env\.A"/],
    ['{"formation": {"web": {"quantity": -1}}}', /no quantity at "formation\.web"/],
    ['{"buildpacks": [{"uri": "x"}]}', /no url at "buildpacks\[0\]"/],
    ['{"scripts": {"postdeploy": 7}}', /no command at "scripts\.postdeploy"/],
    ['{"cron": {}}', /app\.json has no list at "cron"/],
    ['{"cron": ["x"]}', /app\.json has no object at "cron\[0\]"/],
    [cron({ schedule: 'daily' }), /cron\[0\]\.schedule is no schedule that ever comes/],
    [cron({ schedule: '0 0 30 2 *' }), /cron\[0\]\.schedule is no schedule that ever comes/],
    [cron({ command: ' ' }), /cron\[0\]\.command is no command/],
    [cron({ command: 'x'.repeat(2001) }), /cron\[0\]\.command is no command/],
    [cron({ concurrency_policy: 'deny' }), /cron\[0\]\.concurrency_policy is not known/],
    [cron({ maintenance: 'no' }), /cron\[0\]\.maintenance must be true or false/],
    [cron({ timezone: 'CET' }), /cron\[0\] has "timezone", which is not known/],
    [cron({}, {}), /cron\[1\] has the command and schedule of cron\[0\]/],
    [cron(...Array.from({ length: 51 }, () => ({}))), /cron has more than 50 commands/],
    ['{"healthchecks": []}', /no object at "healthchecks"/],
    ['{"healthchecks": {"web": {}}}', /no list at "healthchecks\.web"/],
    [check({}), /healthchecks\.web\[0\] must have exactly one of "path", "listening", "comm/],
    [check({ path: '/', uptime: 1 }), /must have exactly one of/],
    [check({ path: '/', type: 'start' }), /web\[0\]\.type is no type/],
    [check({ path: 'up' }), /web\[0\]\.path is no path/],
    [check({ path: '/a b' }), /web\[0\]\.path is no path/],
    [check({ path: '/', scheme: 'https' }), /web\[0\]\.scheme is not "http"/],
    [check({ path: '/', timeout: 1.5 }), /web\[0\]\.timeout must be a whole number from 0 to 60/],
    [check({ path: '/', attempts: '3' }), /web\[0\]\.attempts must be a whole number/],
    [check({ path: '/', attempts: 60, wait: 20 }), /may take 1480 s in all, more than 600/],
    [check({ path: '/', name: 'a\nb' }), /web\[0\]\.name must be a text/],
    [check({ path: '/', httpHeaders: [{ name: 'a b', value: '' }] }), /Headers\[0\] is no header/],
    [check({ path: '/', httpHeaders: { a: 'b' } }), /httpHeaders is no list of at most 10/],
    [check({ command: [1] }), /web\[0\]\.command must be a command line, or a list of its words/],
    [check({ command: 'x'.repeat(501) }), /web\[0\]\.command must be .* of at most 500 char/],
    [check({ command: 'a\nb' }), /web\[0\]\.command must be a command line/],
    [check({ command: 'a', path: '/' }), /must have exactly one of/],
    [check({ listening: 'no' }), /web\[0\]\.listening must be true or false/],
    [
      json({ healthchecks: { web: Array.from({ length: 11 }, () => ({ path: '/' })) } }),
      /healthchecks\.web has more than 10 checks/,
    ],
    [check({ listening: true, port: 70_000 }), /web\[0\]\.port must be a whole number/],
    ['{"__proto__": {"env": 1}, "env": "x"}', /app\.json has no object at "env"/],
    [`{"env": ${'['.repeat(100_000)}`, /app\.json is no JSON/],
    [' '.repeat(1024 ** 2 + 1), /app\.json is larger than 1\.0 MB/],
  ])
})

t.test('heroku.yml says by which Dockerfile an app is built, and how it runs', async (t) => {
  const world = await openWorld(t)
  world.controller.addApp('hello', world.alice)
  const yaml = `
setup:
  config: { COLOUR: blue }
build:
  docker:
    web: { dockerfile: docker/web.Dockerfile, target: final }
    worker:
      dockerfile: docker/web.Dockerfile
      target: final
  config:
    RAILS_ENV: production
release:
  image: web
  command: [./migrate]
run:
  web: ./serve # to all
  worker:
    image: web
    command:
      - ./work --fast
`
  const files = {
    'docker/web.Dockerfile': 'FROM x',
    'docker/.dockerignore': 'secret\n',
    'docker/a': 'b',
  }
  const repo = await Repo.make(world, { 'heroku.yml': yaml, 'docker/secret': 'x', ...files })
  const { code, text } = await repo.push('hello', 'main')
  t.equal(code, 0, text)
  t.match(text, 'Building docker/web.Dockerfile')
  t.match(newestSlug(world), {
    artifact: { kind: 'image' },
    process_types: { web: './serve', worker: './work --fast', release: './migrate' },
    first: { config: { COLOUR: 'blue' } },
  })
  t.match(world.images.at(-1), {
    dockerfile: 'web.Dockerfile',
    target: 'final',
    buildArgs: { RAILS_ENV: 'production' },
    files: ['.dockerignore', 'a', 'web.Dockerfile'],
  })
})

t.test('a heroku.yml that is malformed is refused with its place', async (t) => {
  await refusals(t, 'heroku.yml', [
    ['build:\n  docker:\n web: x\n', /heroku\.yml is no YAML at line 2/],
    ['- a\n', /heroku\.yml holds no mapping/],
    ['build: yes\n', /no mapping at "build"/],
    [
      'build:\n  docker:\n    web: ../Dockerfile\n',
      /no path of a Dockerfile at "build\.docker\.web"/,
    ],
    [
      'build:\n  docker:\n    web: A\n    worker: B\n',
      /asks for two images, at "build\.docker\.web" and/,
    ],
    ['build:\n  docker:\n    web: none/Dockerfile\n', /there is no Dockerfile at none\/Dockerfile/],
    [
      'build:\n  docker:\n    web: D\nrun:\n  web:\n    command: [a, b]\n',
      /not one line of command at "run\.web"/,
    ],
    [
      'build:\n  docker:\n    web: D\nrelease:\n  image: other\n',
      /no image that is built at "release\.image"/,
    ],
    [
      'setup:\n  config:\n    A-B: x\n',
      /a name at "setup\.config\.A-B" that no config var can have/,
    ],
    [
      'a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: &d [*c, *c]\ne: &e [*d,*d]\nf: [*e,*e]\n',
      /repeats itself/,
    ],
  ])
})

t.test('a Dockerfile may lie anywhere when a setting says where', async (t) => {
  const world = await openWorld(t)
  world.controller.addApp('hello', world.alice)
  set(world, { dockerfile: 'build/Dockerfile.prod' })
  const repo = await Repo.make(world, { 'build/Dockerfile.prod': 'FROM x', ...app })
  t.equal((await repo.push('hello', 'main')).code, 0)
  t.match(world.images.at(-1), { dockerfile: 'build/Dockerfile.prod' })
  t.match(world.images.at(-1)?.files, ['build', 'build/Dockerfile.prod', 'package.json'])
})

t.test('a .slugignore leaves out files, and changes of them build nothing', async (t) => {
  const world = await openWorld(t)
  world.controller.addApp('hello', world.alice)
  const ignore = '# not for running\ndocs/\n*.psd\n/test\nfew[0-9]\n'
  const out = ['docs/a/b.md', 'art/big.psd', 'test/x.js', 'few1']
  const kept = ['src/test/y.js', 'docs.md', 'few', ...Object.keys(app)]
  const files = Object.fromEntries([...out, ...kept].map((path) => [path, path]))
  const repo = await Repo.make(world, { ...files, ...app, '.slugignore': ignore })
  const push = await repo.push('hello', 'main')
  t.equal(push.code, 0, push.text)
  const artifact = newestSlug(world)?.artifact
  const [built = ''] = artifact?.kind === 'tree' ? artifact.layers : []
  for (const path of kept) t.ok(existsSync(join(built, path)), `${path} is there`)
  for (const path of [...out, 'docs', 'test'])
    t.notOk(existsSync(join(built, path)), `${path} is not`)

  await repo.commit({ 'docs/a/b.md': 'changed' })
  t.match((await repo.push('hello', 'main')).text, 'Nothing changed since it was built last')
})

t.test('patterns that would take years end', async (t) => {
  const world = await openWorld(t)
  world.controller.addApp('hello', world.alice)
  const name = 'a'.repeat(200)
  const repo = await Repo.make(world, {
    ...app,
    [name]: 'x',
    '.slugignore': `${'*a'.repeat(60)}b\n`,
  })
  t.match((await repo.push('hello', 'main')).text, /success|\.slugignore cannot be fitted/)
})

t.test('an app with a root is built from that directory alone', async (t) => {
  const world = await openWorld(t)
  world.controller.addApp('hello', world.alice)
  set(world, { root: 'apps/web' })
  const web = { 'apps/web/package.json': '{}', 'apps/web/Procfile': 'web: node web.js\n' }
  const files = { ...web, 'apps/api/package.json': '{}', Procfile: 'web: not this\n', 'a.txt': '1' }
  const repo = await Repo.make(world, files)
  t.equal((await repo.push('hello', 'main')).code, 0)
  t.match(newestSlug(world)?.process_types, { web: 'node web.js' })
  const artifact = newestSlug(world)?.artifact
  const [built = ''] = artifact?.kind === 'tree' ? artifact.layers : []
  t.ok(existsSync(join(built, 'package.json')))
  t.notOk(existsSync(join(built, 'apps')))

  await repo.commit({ 'apps/api/package.json': '{"changed":1}', 'a.txt': '2' })
  const other = await repo.push('hello', 'main')
  t.match(other.text, 'Nothing changed since it was built last')
  await repo.commit({ 'apps/web/web.js': '1' })
  t.notMatch((await repo.push('hello', 'main')).text, 'Nothing changed')

  set(world, { root: 'apps/none' })
  await repo.commit({ more: '1' })
  const none = await repo.push('hello', 'main')
  t.match(none.text, 'error: the commit has no directory apps/none, which is set to be the app')
  t.match(none.text, 'app root:set')
})

t.test('files in Git LFS are refused by name, since their content never came', async (t) => {
  const world = await openWorld(t)
  world.controller.addApp('hello', world.alice)
  const pointer = (size: number): string =>
    `version https://git-lfs.github.com/spec/v1\noid sha256:${'ab'.repeat(32)}\nsize ${size}\n`
  const files = {
    ...app,
    'art/.gitattributes': '*.psd filter=lfs diff=lfs merge=lfs -text\n',
    'art/a.psd': pointer(12345),
    'art/b.psd': pointer(99),
    'art/small.txt': 'x'.repeat(200),
  }
  const repo = await Repo.make(world, files)
  const { code, text } = await repo.push('hello', 'main')
  t.not(code, 0)
  t.match(text, 'error: art/a.psd, art/b.psd are Git LFS pointers, and no content')
  t.match(text, 'git lfs migrate export')
  t.equal(world.sandboxes.length, 0)
})
