import t from 'tap'
import { getConfig } from '#contract/app.ts'
import { listDynos } from '#contract/process.ts'
import { appCommand } from './app-command.ts'
import { openPlatform, until } from './harness.ts'

const slipway = await openPlatform()
t.teardown(() => slipway.close())

const server = (text: string): string => `
import { createServer } from 'node:http'
createServer((_, answer) => answer.end('${text} ' + (process.env.COLOUR || 'none')))
  .listen(process.env.PORT)
console.log('listening as ${text}')
`

t.test('config, code and processes follow the app command', async (t) => {
  const app = await slipway.newApp('node')
  const run = (...args: string[]) => appCommand(slipway, [...args, '-a', app.name])
  await app.change('server.js', server('one'))
  t.equal((await app.push()).code, 0)
  t.equal((await app.get()).body, 'one none')

  await t.test('config:set makes a release that runs with it', async (t) => {
    const set = await run('config:set', 'COLOUR=red')
    t.equal(set.code, 0, set.stderr)
    t.equal((await app.get()).body, 'one red')
    t.equal((await run('config:get', 'COLOUR')).stdout.trim(), 'red')
  })

  await t.test('rollback brings back code and config', async (t) => {
    await app.change('server.js', server('two'))
    t.equal((await app.push()).code, 0)
    t.equal((await run('config:set', 'COLOUR=blue')).code, 0)
    t.equal((await app.get()).body, 'two blue')
    const releases = JSON.parse((await run('releases', '--json')).stdout) as {
      version: number
      description: string
    }[]
    const red = releases.find(
      ({ description }) => description.includes('COLOUR') && !description.includes('Rollback'),
    )
    const first = Math.min(
      ...releases.filter((r) => r.description.includes('COLOUR')).map((r) => r.version),
    )
    t.ok(red)
    const back = await run('rollback', `v${first}`)
    t.equal(back.code, 0, back.stderr)
    t.equal((await app.get()).body, 'one red')
    t.same(await slipway.call(getConfig, { params: { app: app.name } }), { COLOUR: 'red' })
  })

  await t.test('a config key out of grammar is refused and nothing changes', async (t) => {
    const bad = await run('config:set', '1BAD=x')
    t.equal(bad.code, 2)
    t.match(bad.stderr, /error: .*1BAD/)
    t.equal((await app.get()).body, 'one red')
  })

  await t.test('ps:scale runs more copies, and fewer', async (t) => {
    t.equal((await run('ps:scale', 'web=3')).code, 0)
    const running = async (): Promise<number> => {
      const dynos = await slipway.call(listDynos, { params: { app: app.name } })
      return dynos.filter(({ state }) => state === 'up').length
    }
    await until('three copies run', async () => (await running()) === 3)
    t.equal((await run('ps:scale', 'web=1')).code, 0)
    await until('one copy runs', async () => (await running()) === 1)
    t.equal((await app.get()).status, 200)
  })

  await t.test('run passes its input, output and exit code through', async (t) => {
    const end = await appCommand(
      slipway,
      ['run', '-a', app.name, '--', 'echo "$COLOUR"; cat; exit 3'],
      'typed in\n',
    )
    t.equal(end.code, 3, end.stderr)
    t.match(end.stdout, 'red\ntyped in\n')
  })

  await t.test('logs hold what the app wrote', async () => {
    await until('the line is there', async () =>
      (await run('logs')).stdout.includes('app[web.1]: listening as one'),
    )
  })

  await t.test('ps:restart starts new copies', async (t) => {
    t.equal((await run('ps:restart')).code, 0)
    t.equal((await app.get()).body, 'one red')
  })

  await t.test('builds and their output are kept', async (t) => {
    const builds = JSON.parse((await run('builds', '--json')).stdout) as { id: string }[]
    t.equal(builds.length, 2)
    t.match((await run('builds:output', builds[0]?.id ?? '')).stdout, /Node\.js app detected/)
  })

  await t.test('destroy asks for the name and then removes everything', async (t) => {
    t.not((await run('destroy')).code, 0)
    t.equal((await app.get()).status, 200)
    t.equal((await run('destroy', '--confirm', app.name)).code, 0)
    await until('the page is gone', async () => (await app.get()).status === 404)
  })
})
