import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { getApp, setConfig, updateApp } from '#contract/app.ts'
import { getBom } from '#contract/bom.ts'
import { getBuild, listBuilds } from '#contract/build.ts'
import { getRelease } from '#contract/release.ts'
import { appCommand } from './app-command.ts'
import { startRegistry } from './fake-registry.ts'
import { openPlatform } from './harness.ts'

const run = promisify(execFile)
const slipway = await openPlatform()
t.teardown(() => slipway.close())

t.test('a Dockerfile reads config as secrets that no layer, history or log holds', async (t) => {
  const app = await slipway.newApp('dockerfile')
  const [secret, shown] = [
    randomBytes(12).toString('hex'),
    `shown-${randomBytes(6).toString('hex')}`,
  ]
  const params = { app: app.name }
  await slipway.call(setConfig, { params, body: { DEPLOY_KEY: secret, TITLE: shown } })
  await slipway.call(updateApp, { params, body: { dockerfile_target: 'web' } })
  const lines = [
    'FROM slipway-12:run AS base',
    'USER 0',
    'ARG TITLE',
    'RUN --mount=type=secret,id=DEPLOY_KEY --mount=type=cache,target=/c \\',
    '  sha256sum < /run/secrets/DEPLOY_KEY > /sum && cat /run/secrets/DEPLOY_KEY',
    'FROM base AS web',
    'COPY server.py index.html /app/',
    'RUN echo "$TITLE" > /app/title.txt && mv /sum /app/sum.txt',
    'EXPOSE 8123',
    'HEALTHCHECK CMD false',
    'CMD ["python3", "/app/server.py"]',
    'FROM base AS broken',
    'RUN false',
  ]
  await app.change('Dockerfile', `${lines.join('\n')}\n`)
  const push = await app.push()
  t.equal(push.code, 0, push.output)
  t.notMatch(push.output, secret)
  t.match(push.output, 'The image keeps the build arguments TITLE')
  t.match(push.output, 'It exposes one port: PORT is 8123')
  t.match(push.output, 'Its HEALTHCHECK is not run')
  t.match((await app.get('/title.txt')).body, shown, 'and it answers on the port it exposes')
  const sum = (await run('sh', ['-c', `printf %s ${secret} | sha256sum`])).stdout.trim()
  t.equal((await app.get('/sum.txt')).body.trim(), sum)

  const { slug } = await slipway.call(getRelease, { params: { ...params, release: 'current' } })
  const image = slug?.digest ?? ''
  const history = await run('docker', ['image', 'history', '--no-trunc', image])
  t.notMatch(history.stdout, secret)
  const found = await run('sh', ['-c', `docker save ${image} | grep -c ${secret} || true`])
  t.equal(found.stdout.trim(), '0')

  await app.change('Dockerfile', `${lines.slice(0, 2).join('\n')}\n\nRUN exit 3\n`)
  await slipway.call(updateApp, { params, body: { dockerfile_target: null } })
  t.match((await app.push()).output, 'error: Dockerfile line 4: RUN exit 3 ended with exit code 3')
  await app.change('Dockerfile', '# syntax=registry.invalid/front:1\nFROM slipway-12:run\n')
  t.match(
    (await app.push()).output,
    /Dockerfile line 1 asks for the syntax registry.invalid\/front:1/,
  )
  await app.change('Dockerfile', 'FROM slipway-12:run\nCOPY nowhere.txt /\n')
  t.match((await app.push()).output, 'Dockerfile line 2 copies nowhere.txt, which is not in')
})

t.test('a folder, an archive and an image are deployed without git', async (t) => {
  const app = await slipway.newApp('dockerfile')
  const deploy = (...args: string[]) => appCommand(slipway, ['deploy', '-a', app.name, ...args])
  const scratch = mkdtempSync(join(tmpdir(), 'slipway-images-'))
  t.teardown(() => rmSync(scratch, { recursive: true, force: true }))

  const folder = await deploy(app.folder)
  t.equal(folder.code, 0, folder.stderr)
  t.match(folder.stderr, 'is live')
  t.match((await app.get()).body, 'hello from a Dockerfile')

  const archive = join(scratch, 'app.tar.gz')
  writeFileSync(join(app.folder, 'index.html'), 'hello from an archive')
  await run('tar', ['-czf', archive, '--exclude=.git', '-C', app.folder, '.'])
  const tar = await deploy('--tar', archive)
  t.equal(tar.code, 0, tar.stderr)
  t.equal((await app.get()).body, 'hello from an archive')

  const release = { params: { app: app.name, release: 'current' } }
  const { slug } = await slipway.call(getRelease, release)
  const saved = join(scratch, 'image.tar')
  await run('docker', ['save', '-o', saved, slug?.digest ?? ''])
  const other = await slipway.newApp('dockerfile')
  const loaded = await appCommand(slipway, ['deploy', '-a', other.name, '--tar', saved])
  t.equal(loaded.code, 0, loaded.stderr)
  t.equal((await other.get()).body, 'hello from an archive')

  const registry = await startRegistry(saved, { user: 'ci', password: 'the-password-of-ci' })
  t.teardown(() => registry.close())
  const third = await slipway.newApp('dockerfile')
  const pull = [
    'deploy',
    '-a',
    third.name,
    '--image',
    registry.image,
    '-u',
    'ci',
    '--password-stdin',
  ]
  const wrong = await appCommand(slipway, pull, 'not-the-password')
  t.not(wrong.code, 0)
  t.match(wrong.stderr, /could not be pulled/, wrong.stderr)
  const pulled = await appCommand(slipway, pull, 'the-password-of-ci\n')
  t.equal(pulled.code, 0, pulled.stderr)
  t.notMatch(pulled.stderr, 'the-password-of-ci')
  t.equal((await third.get()).body, 'hello from an archive')
  const tagged = await appCommand(slipway, ['deploy', '-a', third.name, '--image', 'shop:latest'])
  t.match(tagged.stderr, 'does not name one image for ever')

  writeFileSync(archive, 'this is no archive')
  const broken = await deploy('--tar', archive)
  t.not(broken.code, 0)
  t.match(broken.stderr, 'the archive cannot be used')
  const builds = await slipway.call(listBuilds, { params: { app: app.name } })
  t.strictSame(
    builds.map(({ branch, status }) => `${branch} ${status}`),
    ['upload succeeded', 'upload succeeded'],
  )
})

t.test(
  'an app moves to another stack with its next push, is built again the same, and has a list',
  async (t) => {
    // It takes a minute where it was never made.
    await run(join(import.meta.dirname, '../../scripts/stack'), ['slipway-13'])
    const app = await slipway.newApp('python')
    const command = (...args: string[]) => appCommand(slipway, [...args, '-a', app.name])
    const params = { app: app.name }
    t.match((await command('stacks')).stdout, /slipway-12 +Debian 12 \(bookworm\) +runs/)
    t.match((await command('stack:set', 'slipway-99')).stderr, 'There is no stack "slipway-99"')
    const set = await command('stack:set', 'slipway-13')
    t.equal(set.code, 0, set.stderr)
    const first = await app.push()
    t.equal(first.code, 0, first.output)
    t.match((await app.get()).body, 'hello from python')
    const inside = await appCommand(slipway, [
      'run',
      '-a',
      app.name,
      '--',
      'cat',
      '/etc/debian_version',
    ])
    t.match(inside.stdout, /^13/)
    t.match(await slipway.call(getApp, { params }), { stack: { name: 'slipway-13' } })

    const { inputs } = await slipway.call(getBuild, { params: { ...params, build: 'latest' } })
    t.match(inputs, { builder: 'buildpacks', stack: { name: 'slipway-13', digest: /^sha256:/ } })
    t.match(inputs?.buildpacks[0], { name: 'slipway', digest: /^sha256:/ })
    const bom = await slipway.call(getBom, { params: { ...params, build: 'latest' } })
    const refs = bom.components.map((one) => (one as { 'bom-ref': string })['bom-ref'])
    t.ok(refs.includes('pkg:pypi/flask@3.1.2'))
    t.ok(refs.some((ref) => /^pkg:deb\/debian\/bash@.*distro=debian-13$/.test(ref)))

    const same = await command('builds:verify', '--json')
    t.match(JSON.parse(same.stdout), { identical: true, changed_inputs: [] }, same.stdout)

    await command('stack:set', 'slipway-12')
    await app.commit('Back')
    const back = await app.push()
    t.equal(back.code, 0, back.output)
    t.match(back.output, 'Building on slipway-12; what runs now was built on slipway-13')
    t.match((await app.get()).body, 'hello from python')
  },
)
