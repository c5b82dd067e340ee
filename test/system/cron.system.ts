import t from 'tap'
import { setConfig } from '#contract/app.ts'
import { listCron, runCron } from '#contract/cron.ts'
import { openLog } from '#contract/log.ts'
import { listDynos, restartOne } from '#contract/process.ts'
import { rollBack } from '#contract/release.ts'
import { openPlatform, until } from './harness.ts'
import type { TestApp } from './harness.ts'

const slipway = await openPlatform()
t.teardown(() => slipway.close())

/** Two of its minutes may have to pass. */
const patienceMs = 150_000

/** Lines of the log about one run by schedule. */
async function linesOf(app: TestApp, dyno: string): Promise<string[]> {
  const body = { dyno, lines: 1000 }
  const { logplex_url } = await slipway.call(openLog, { params: { app: app.name }, body })
  return (await (await fetch(logplex_url)).text()).split('\n').filter((line) => line !== '')
}

/** The minutes in which lines were written. */
const minutesOf = (lines: readonly string[]): string[] => lines.map((line) => line.slice(0, 16))

t.test('what is due runs once, and a killed controller neither repeats nor loses it', async (t) => {
  const app = await slipway.newApp('node')
  const params = { app: app.name }
  await slipway.call(setConfig, { params, body: { GREETING: 'hello from config' } })
  const cron = [
    { command: 'echo "$DYNO: $GREETING"; exit 3', schedule: '* * * * *' },
    { command: 'echo begun; sleep 600', schedule: '* * * * *' },
  ]
  await app.change('app.json', JSON.stringify({ cron }))
  const { code, output } = await app.push()
  t.equal(code, 0, output)
  t.match(output, 'app.json: 2 commands by schedule (UTC)')

  const ends = async (): Promise<string[]> =>
    (await linesOf(app, 'cron.1')).filter((line) => line.endsWith('ended with exit code 3'))
  await until('a due run has ended', async () => (await ends()).length > 0, patienceMs)
  await until('the other goes on', async () => (await linesOf(app, 'cron.2')).some(isBegun))
  t.match((await linesOf(app, 'cron.1')).join('\n'), 'app[cron.1]: cron.1: hello from config')

  process.kill(slipway.pid('controller'), 'SIGKILL')
  const isSkipped = (line: string): boolean => line.includes('is skipped: the run of 20')
  const skips = async (): Promise<string[]> =>
    (await linesOf(app, 'cron.2').catch(() => [])).filter(isSkipped)
  await until('the next is skipped', async () => (await skips()).length > 0, patienceMs)
  await until('the next has ended', async () => (await ends()).length > 1)
  const minutes = minutesOf((await linesOf(app, 'cron.1')).filter((line) => line.includes(' app[')))
  t.equal(new Set(minutes).size, minutes.length, `once a minute: ${minutes.join(', ')}`)
  const dynos = await slipway.call(listDynos, { params })
  t.match(
    dynos.filter(({ name }) => name === 'cron.2'),
    [{ state: 'up', command: 'echo begun; sleep 600' }],
  )
  t.match(await slipway.call(listCron, { params }), [
    { number: 1, last_run: { exit_code: 3 } },
    { number: 2, last_run: { ended_at: null } },
  ])
  await slipway.call(restartOne, { params: { ...params, dyno: 'cron.2' } })
  await until('it has ended', async () => {
    const [, job] = await slipway.call(listCron, { params })
    return [137, 143].includes(job?.last_run?.exit_code ?? 0)
  })
})

const isBegun = (line: string): boolean => line.endsWith('app[cron.2]: begun')

t.test('a rollback brings back what ran by schedule, and it runs when asked to', async (t) => {
  const app = await slipway.newApp('node')
  const params = { app: app.name }
  const cron = [{ command: 'echo yearly', schedule: '@yearly' }]
  await app.change('app.json', JSON.stringify({ cron }))
  t.equal((await app.push()).code, 0)
  await app.git('rm', '-q', 'app.json')
  await app.change('server.js', `${app.read('server.js')}\n`)
  t.equal((await app.push()).code, 0)
  t.same(await slipway.call(listCron, { params }), [])
  await slipway.call(rollBack, { params, body: { release: '1' } })
  await until('it is back', async () => (await slipway.call(listCron, { params })).length === 1)
  await slipway.call(runCron, { params: { ...params, number: '1' } })
  await until('it has run', async () => {
    const [job] = await slipway.call(listCron, { params })
    return job?.last_run?.exit_code === 0
  })
  t.match((await linesOf(app, 'cron.1')).join('\n'), 'app[cron.1]: yearly')
})
