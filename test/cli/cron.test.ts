import t from 'tap'
import { listCron, runCron } from '#contract/cron.ts'
import type { CronJob } from '#contract/cron.ts'
import { failure } from '#contract/error.ts'
import { openDesk } from './app.ts'
import { someDyno } from './canned.ts'

const inMs = (ms: number): string => new Date(Date.now() + ms).toISOString()
const hour = 3_600_000

const job = (change: Partial<CronJob>): CronJob => ({
  number: 1,
  schedule: '0 3 * * *',
  command: 'bin/report',
  concurrency_policy: 'forbid',
  maintenance: false,
  next_run_at: inMs(5.5 * hour),
  last_run: null,
  ...change,
})

const run = (change: object): CronJob['last_run'] => ({
  due_at: inMs(-2.5 * hour),
  started_at: inMs(-2.5 * hour),
  ended_at: inMs(-2 * hour),
  exit_code: 0,
  ...change,
})

t.test('cron lists what runs, when next, and how it went', async (t) => {
  const desk = await openDesk(t)
  const jobs = [
    job({ last_run: run({ exit_code: 3 }) }),
    job({ number: 2, next_run_at: inMs(75 * hour), last_run: run({ ended_at: null }) }),
    job({ number: 3, next_run_at: null, last_run: run({ started_at: null, exit_code: null }) }),
    job({ number: 4, command: 'a\nb' }),
  ]
  desk.fake.on(listCron, () => ({ body: jobs }))
  const { stdout, code } = await desk.app(['cron', '-a', 'shop'])
  t.equal(code, 0)
  const [head, ...lines] = stdout.trimEnd().split('\n')
  t.match(head, /^ +SCHEDULE +NEXT \(UTC\) +LAST RUN +COMMAND$/)
  t.match(lines[0], /^1 +0 3 \* \* \* +\d\d:\d\d, in 5 h +2 h ago, exit code 3 +bin\/report$/)
  t.match(lines[1], /^2 .+ \d{4}-\d\d-\d\d \d\d:\d\d, in 3 days +2 h ago, goes on /)
  t.match(lines[2], /^3 .+ by hand only +2 h ago, was not started /)
  t.match(lines[3], / never +a\\nb$/)
  const json = await desk.app(['cron', '-a', 'shop', '--json'])
  t.same(JSON.parse(json.stdout), jobs)
  desk.fake.on(listCron, () => ({ body: [] }))
  t.match(await desk.app(['cron', '-a', 'shop']), {
    code: 0,
    stdout: '',
    stderr: '"shop" runs nothing by schedule. Say what in "cron" of app.json, and push.\n',
  })
})

t.test('cron:run starts one now and says where its output is', async (t) => {
  const desk = await openDesk(t)
  desk.fake.on(runCron, () => ({ body: someDyno('cron.2', { type: 'run' }) }))
  const got = await desk.app(['cron:run', '2', '-a', 'shop'])
  t.match(got, {
    code: 0,
    stdout: 'cron.2\n',
    stderr: 'It runs. See its output: app logs -f --process cron.2 -a shop\n',
  })
  t.match(await desk.app(['cron:run', 'report', '-a', 'shop']), { code: 2, stderr: /"report"/ })
  desk.fake.on(runCron, () => {
    throw failure('CRON_RUNNING', { app: 'shop', dyno: 'cron.2', reason: 'it runs' })
  })
  t.match(await desk.app(['cron', 'run', '2', '-a', 'shop']), {
    code: 5,
    stderr: 'hint: Wait until it has ended, or end it: `app ps:restart cron.2 -a shop`.',
  })
})
