import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { CronEntry } from '#contract/cron.ts'
import { listCron, runCron } from '#contract/cron.ts'
import { openLog } from '#contract/log.ts'
import { listDynos, restartOne } from '#contract/process.ts'
import { startCron } from '#controller/cron/cron.ts'
import type { Cron } from '#controller/cron/cron.ts'
import { openLogs } from '#controller/logs/logs.ts'
import { openRuns } from '#controller/run/runs.ts'
import type { CopySpec } from '#driver/driver.ts'
import { idles, ignoresSignals, serves } from '#driver/memory/memory.ts'
import type { Program } from '#driver/memory/memory.ts'
import { openDoor } from './run-door.ts'

/** `sleep` goes on, all else says what it is and ends with the code it names. */
const program = ({ type, command }: CopySpec): Program => {
  if (type !== 'run') return serves()
  if (command?.startsWith('sleep') === true) return idles
  return async ({ spec, stdout }) => {
    stdout.write(`${spec.env['DYNO']} of v${spec.release} says ${spec.env['GREETING']}\n`)
    return Number(command?.split(' ')[1] ?? 0)
  }
}

const entry = (command: string, change: Partial<CronEntry> = {}): CronEntry => ({
  schedule: '0 3 * * *',
  command,
  concurrency_policy: 'forbid',
  maintenance: false,
  ...change,
})

/** An app that serves with these entries, at a minute before three by a clock that the test sets. */
async function openShop(
  t: Test,
  entries: readonly CronEntry[],
  options: Parameters<typeof openDoor>[1] = {},
) {
  let time = '2026-03-01T02:59:30.000Z'
  const clock = (): Date => new Date(time)
  const door = await openDoor(t, { program, clock, ...options })
  const { world, call, params } = door
  /** Another controller, which is closed with the test at the latest. */
  const start = (runs = door.runs): Cron => {
    const cron = startCron({ ...world.deps, runs, now: clock })
    t.teardown(() => cron.close())
    return cron
  }
  const deploy = async (cron: readonly CronEntry[], types = {}): Promise<void> => {
    const all = { web: 'node server.js', ...types }
    const id = await world.release(all, undefined, { GREETING: 'hello' }, [], cron)
    await world.reaches(id, 'succeeded')
  }
  await deploy(entries)
  return {
    ...door,
    deploy,
    start,
    set: (next: string): void => void (time = next),
    rows: () => world.store.selectFrom('cron_runs').selectAll().orderBy('due_at').execute(),
    /** What the log has of runs by schedule, without the times. */
    log: async (): Promise<string[]> => {
      const { logplex_url } = await call(openLog, { params, body: { dyno: 'cron' } })
      const text = (await (await fetch(logplex_url)).text()).trimEnd()
      return text === '' ? [] : text.split('\n').map((line) => line.replace(/^\S+ /, ''))
    },
  }
}

/** Long enough for a look at the clock. */
const aWhile = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1500))

t.test(
  'a run that is due has the config of the release, and its output is in the log',
  async (t) => {
    const { set, log, rows, world, call, params } = await openShop(t, [
      entry('task'),
      entry('fail 3'),
    ])
    t.match(await call(listCron, { params }), [
      { number: 1, command: 'task', next_run_at: '2026-03-01T03:00:00.000Z', last_run: null },
      { number: 2, command: 'fail 3', last_run: null },
    ])
    await aWhile()
    t.same(await rows(), [], 'nothing is run before its time')
    set('2026-03-01T03:00:01.000Z')
    await world.until(
      async () => (await rows()).filter((row) => row.ended_at !== null).length === 2,
    )
    await world.until(async () => (await world.running()).length === 1)
    t.same((await log()).toSorted(), [
      'app[cron.1]: cron.1 of v1 says hello',
      'app[cron.2]: cron.2 of v1 says hello',
      'slipway[cron.1]: ended with exit code 0',
      'slipway[cron.1]: started',
      'slipway[cron.2]: ended with exit code 3',
      'slipway[cron.2]: started',
    ])
    t.match(await call(listCron, { params }), [
      {
        next_run_at: '2026-03-02T03:00:00.000Z',
        last_run: { due_at: '2026-03-01T03:00:00.000Z', ended_at: /^20/, exit_code: 0 },
      },
      { last_run: { exit_code: 3 } },
    ])
  },
)

t.test('what a run wrote is on the disk before its container is gone', async (t) => {
  const { call, params, world } = await openShop(t, [entry('task')])
  await call(runCron, { params: { ...params, number: '1' } })
  await world.until(async () => (await world.running()).length === 1)
  const folder = join(world.folder, 'logs')
  const ofNext = openLogs({ folder, fleet: world.fleet, log: world.deps.log })
  const { past } = await ofNext.read(world.environmentId, 100, { dyno: 'cron' })
  t.same(past.map((line) => line.replace(/^\S+ /, '')).toSorted(), [
    'app[cron.1]: cron.1 of v1 says hello',
    'slipway[cron.1]: ended with exit code 0',
    'slipway[cron.1]: started',
  ])
})

t.test('a run is started once in its minute, also by another controller', async (t) => {
  const { set, rows, log, world, cron, start } = await openShop(t, [entry('task')])
  set('2026-03-01T03:00:01.000Z')
  await world.until(async () => (await rows())[0]?.ended_at !== null && (await rows()).length === 1)
  await cron.close()
  set('2026-03-01T03:00:40.000Z')
  const next = start()
  await aWhile()
  await next.close()
  t.equal((await rows()).length, 1)
  t.equal((await log()).filter((line) => /started/.test(line)).length, 1)
})

t.test('a time that passed while no controller ran is not made up for', async (t) => {
  const { set, rows, cron, start } = await openShop(t, [entry('task')])
  await cron.close()
  set('2026-03-01T03:01:05.000Z')
  const next = start()
  await aWhile()
  await next.close()
  t.same(await rows(), [])
})

t.test('a run whose predecessor goes on is skipped, and the log says so', async (t) => {
  const { set, log, world } = await openShop(t, [entry('sleep', { schedule: '* * * * *' })])
  set('2026-03-01T03:00:01.000Z')
  await world.until(async () => (await world.running()).length === 2)
  set('2026-03-01T03:01:01.000Z')
  await world.until(async () => (await log()).length >= 2)
  t.match(await log(), ['slipway[cron.1]: started', 'slipway[cron.1]: is skipped: the run of 20'])
  t.equal((await world.running()).length, 2)
})

t.test('it may also run beside it, or replace it', async (t) => {
  const every = { schedule: '* * * * *' }
  const { set, log, world } = await openShop(t, [
    entry('sleep', { ...every, concurrency_policy: 'allow' }),
    entry('sleep long', { ...every, concurrency_policy: 'replace' }),
  ])
  const running = async (): Promise<string> =>
    (await world.running()).filter((one) => one.startsWith('run')).join()
  set('2026-03-01T03:00:01.000Z')
  await world.until(async () => (await running()) === 'run.1 v1 running,run.2 v1 running')
  set('2026-03-01T03:01:01.000Z')
  await world.until(async () => (await log()).filter((line) => /started/.test(line)).length === 4)
  t.equal(await running(), 'run.1 v1 running,run.1 v1 running,run.2 v1 running')
  t.match((await log()).join('\n'), 'slipway[cron.2]: is stopped, since the next run is due')
})

t.test(
  'the release that serves says what is run: by name of a type, and not in maintenance',
  async (t) => {
    const { set, deploy, log, world } = await openShop(t, [entry('old')])
    await deploy([entry('report'), entry('asleep', { maintenance: true })], { report: 'report 4' })
    set('2026-03-01T03:00:01.000Z')
    await world.until(async () => (await log()).some((line) => /ended/.test(line)))
    t.same((await log()).toSorted(), [
      'app[cron.1]: cron.1 of v2 says hello',
      'slipway[cron.1]: ended with exit code 4',
      'slipway[cron.1]: started',
    ])
  },
)

t.test('killed before it had started a run, a controller leaves it to the next', async (t) => {
  let isKilled = true
  const beforeStart = async ({ type }: CopySpec, signal: AbortSignal): Promise<void> => {
    if (type !== 'run' || !isKilled) return
    await new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error))
    })
  }
  const entries = [entry('sleep')]
  const { set, rows, log, world, cron, start } = await openShop(t, entries, { beforeStart })
  set('2026-03-01T03:00:01.000Z')
  await world.until(async () => (await rows()).length === 1)
  await cron.close()
  t.equal((await world.running()).length, 1)

  isKilled = false
  set('2026-03-01T03:00:30.000Z')
  const next = start()
  await world.until(async () => (await rows())[0]?.started_at !== null)
  await next.close()
  t.equal((await world.running()).length, 2)
  t.equal((await rows()).length, 1)

  isKilled = true
  await world.store.deleteFrom('cron_runs').execute()
  set('2026-03-02T03:00:01.000Z')
  const second = start()
  await world.until(async () => (await rows()).length === 1)
  await second.close()
  isKilled = false
  set('2026-03-02T03:05:00.000Z')
  const late = start()
  await world.until(async () => (await rows())[0]?.ended_at !== null)
  await late.close()
  t.equal((await log()).at(-1), 'slipway[cron.1]: was not started: the platform was down')
  t.equal((await world.running()).length, 2, 'only the run of the day before goes on')
})

t.test('killed while runs go on, a controller leaves them to the next', async (t) => {
  const { set, rows, log, world, cron, runs, start } = await openShop(t, [
    entry('sleep'),
    entry('sleep too'),
  ])
  set('2026-03-01T03:00:01.000Z')
  await world.until(async () => (await world.running()).length === 3)
  await cron.close()
  await runs.close()
  const [ended, removed] = await rows()
  await world.store.updateTable('cron_runs').set({ started_at: null }).execute()
  world.fleet.exit(ended?.name ?? '', 5)

  const nextRuns = openRuns(world.deps)
  t.teardown(() => nextRuns.close())
  const next = start(nextRuns)
  await world.until(async () => (await rows())[0]?.exit_code === 5)
  await world.until(async () => (await world.running()).length === 2)
  t.equal((await rows()).length, 2, 'nothing was started twice')
  t.notMatch((await log()).join('\n'), /is skipped/, 'nor does a run stand in its own way')
  t.equal((await log()).filter((line) => /started/.test(line)).length, 2)
  await world.fleet.stop(removed?.name ?? '', 0, AbortSignal.timeout(1000))
  await world.until(async () => (await rows())[1]?.exit_code === 143)
  t.ok((await rows()).every((row) => row.started_at !== null))
  await next.close()
})

t.test('an engine that is down when a run is due is waited for, but not for long', async (t) => {
  const { set, rows, log, world } = await openShop(t, [entry('sleep')])
  world.fleet.setReachable(false)
  set('2026-03-01T03:00:01.000Z')
  await world.until(async () => (await rows()).length === 1)
  world.fleet.setReachable(true)
  await world.until(async () => (await world.running()).length === 2)
  world.fleet.exit((await rows())[0]?.name ?? '', 0)
  await world.until(async () => (await rows())[0]?.ended_at !== null)

  world.fleet.setReachable(false)
  set('2026-03-02T03:00:01.000Z')
  await world.until(async () => (await rows()).some(({ ended_at }) => ended_at === null))
  await aWhile()
  set('2026-03-02T03:02:00.000Z')
  world.fleet.setReachable(true)
  await world.until(async () => (await rows()).every(({ ended_at }) => ended_at !== null))
  t.match((await log()).at(-1), /^slipway\[cron\.1\]: was not started: The container engine cannot/)
  t.equal((await world.running()).length, 1)
})

t.test('a run can be asked for, by who may work on the app', async (t) => {
  const { set, call, params, world, log } = await openShop(t, [
    entry('sleep'),
    entry('task', { maintenance: true }),
  ])
  const run = (number: string) => call(runCron, { params: { ...params, number } })
  const dyno = await run('1')
  t.match(dyno, { name: 'cron.1', type: 'run', command: 'sleep', release: { version: 1 } })
  t.match(await call(listDynos, { params }), [{ name: 'cron.1', state: 'up' }, { name: 'web.1' }])
  t.match(await call(listCron, { params }), [
    { last_run: { started_at: '2026-03-01T02:59:30.000Z', ended_at: null, exit_code: null } },
    { next_run_at: null },
  ])
  set('2026-03-01T02:59:40.000Z')
  await t.rejects(run('1'), {
    code: 'CRON_RUNNING',
    message: 'cron.1 cannot be run now: the run of 2026-03-01T02:59:30Z still goes on.',
  })
  t.match(await run('2'), { name: 'cron.2' })
  for (const number of ['0', '3', '99999', 'x', '-1']) {
    await t.rejects(run(number), { code: 'CRON_NOT_FOUND' }, number)
  }
  await call(restartOne, { params: { ...params, dyno: 'cron.1' } })
  await world.until(async () => (await world.running()).length === 1)
  const ends = [/cron\.1\]: ended with exit code 143/, /cron\.2\]: ended with exit code 0/]
  for (const end of ends) t.match((await log()).join('\n'), end)
})

t.test('one that cannot be started now says why, and is not started later', async (t) => {
  const { call, params, world, rows } = await openShop(t, [entry('task')])
  world.fleet.setReachable(false)
  const params1 = { ...params, number: '1' }
  await t.rejects(call(runCron, { params: params1 }), { code: 'ENGINE_DOWN' })
  world.fleet.setReachable(true)
  await aWhile()
  t.match(await rows(), [{ started_at: null, exit_code: null, ended_at: /^20/ }])
  t.match(await call(listCron, { params }), [{ last_run: { started_at: null } }])
})

const every = { schedule: '* * * * *' }
/** What a controller recorded in that minute after two, and never started. */
const lostRun = (environment_id: string, minute: number) => ({
  environment_id,
  schedule: every.schedule,
  command: 'sleep',
  due_at: `2026-03-01T02:${minute}:00.000Z`,
  number: 1,
  name: `lost-cron-${minute}`,
  replaces: 0,
  started_at: null,
  ended_at: null,
  exit_code: null,
})
const replacing = { ...every, concurrency_policy: 'replace' } as const

t.test('what an app stops for its next runs does not hold up those of another', async (t) => {
  const stubborn = Array.from({ length: 5 }, (_, at) => entry(`stubborn ${at}`, replacing))
  const { set, rows, world } = await openShop(t, stubborn, {
    settings: { graceMs: 4000 },
    program: (spec) => (spec.command?.startsWith('stubborn') ? ignoresSignals : program(spec)),
  })
  const blog = await world.add('blog')
  const cron = [entry('task', { schedule: '1 3 * * *' })]
  await world.reaches(await world.release({ web: 'serve' }, blog, {}, [], cron), 'succeeded')
  const started = async (): Promise<string[]> =>
    (await rows()).filter((row) => row.started_at !== null).map((row) => row.command)
  set('2026-03-01T03:00:01.000Z')
  await world.until(async () => (await started()).length === 5)
  set('2026-03-01T03:01:01.000Z')
  await world.until(async () => (await started()).includes('task'))
  t.equal((await started()).length, 6, 'the others are still about to be replaced')
  t.equal((await rows()).length, 11)
})

t.test('a run that had to wait for more than a minute is not started', async (t) => {
  let isHeld = true
  const beforeStart = async ({ type }: CopySpec, signal: AbortSignal): Promise<void> => {
    while (type === 'run' && isHeld && !signal.aborted) await aWhile()
  }
  const five = Array.from({ length: 5 }, (_, at) => entry(`sleep ${at}`))
  const { set, rows, log, world } = await openShop(t, five, { beforeStart })
  set('2026-03-01T03:00:01.000Z')
  await world.until(async () => (await rows()).length === 5)
  set('2026-03-01T03:01:01.000Z')
  isHeld = false
  await world.until(async () =>
    (await rows()).every((row) => (row.started_at ?? row.ended_at) !== null),
  )
  t.equal((await world.running()).length, 5)
  t.match((await log()).join('\n'), 'cron.5]: was not started: earlier runs took too long')
})

t.test(
  'a run that replaces another stops no newer one, nor is it started after that',
  async (t) => {
    let isFailing = false
    let held: string | undefined
    const beforeStart = async ({ type, name }: CopySpec): Promise<void> => {
      if (type === 'run' && (isFailing || name === held)) throw new Error('no')
    }
    const { set, rows, log, world, call, params } = await openShop(
      t,
      [entry('sleep', { concurrency_policy: 'replace' })],
      { beforeStart },
    )
    const byHand = () => call(runCron, { params: { ...params, number: '1' } })
    await byHand()
    isFailing = true
    set('2026-03-01T03:00:01.000Z')
    await world.until(async () => (await rows()).length === 2)
    held = (await rows())[1]?.name
    isFailing = false
    set('2026-03-01T03:00:20.000Z')
    await byHand()
    held = undefined
    await aWhile()
    const ended = (await rows()).map((row) => row.ended_at !== null)
    t.same(ended, [true, true, false], (await log()).join('\n'))
    t.equal((await world.running()).length, 2)
  },
)

t.test(
  'an engine that is down lets runs be recorded, but no more than an app may have',
  async (t) => {
    const { set, rows, world, cron, start } = await openShop(t, [entry('sleep', replacing)])
    await cron.close()
    const twenty = Array.from({ length: 20 }, (_, at) => lostRun(world.environmentId, at + 10))
    await world.store.insertInto('cron_runs').values(twenty).execute()
    world.fleet.setReachable(false)
    start()
    await world.until(async () => (await rows()).length === 21)
    set('2026-03-01T03:00:01.000Z')
    await aWhile()
    t.equal((await rows()).length, 21)
  },
)

for (const end of ['ended', 'gone'] as const) {
  t.test(`a run that is ${end} when a controller starts stands in nobody's way`, async (t) => {
    const { set, rows, log, world, cron, runs, start } = await openShop(t, [entry('sleep', every)])
    set('2026-03-01T03:00:01.000Z')
    await world.until(async () => (await world.running()).length === 2)
    await cron.close()
    await runs.close()
    const name = (await rows())[0]?.name ?? ''
    if (end === 'ended') world.fleet.exit(name, 0)
    else await world.fleet.stop(name, 0, AbortSignal.timeout(1000))
    set('2026-03-01T03:01:01.000Z')
    const nextRuns = openRuns(world.deps)
    t.teardown(() => nextRuns.close())
    start(nextRuns)
    await world.until(async () => (await rows())[1]?.started_at?.startsWith('2026') === true)
    t.notMatch((await log()).join('\n'), /is skipped/)
    t.equal((await world.running()).length, 2)
  })
}

t.test('a run that ended while the engine was asked about it is not started', async (t) => {
  const { rows, world, cron, runs } = await openShop(t, [entry('sleep')])
  await cron.close()
  const lost = lostRun(world.environmentId, 59)
  await world.store.insertInto('cron_runs').values(lost).execute()
  const fleet = new Proxy(world.fleet, {
    get: (of, key) => {
      if (key !== 'list') return (Reflect.get(of, key) as () => unknown).bind(of)
      return async (...asked: Parameters<typeof of.list>) => {
        await world.store.updateTable('cron_runs').set({ ended_at: lost.due_at }).execute()
        return of.list(...asked)
      }
    },
  })
  const now = (): Date => new Date('2026-03-01T02:59:31.000Z')
  const next = startCron({ ...world.deps, fleet, runs, now })
  await aWhile()
  await next.close()
  t.equal((await world.running()).length, 1)
  t.match(await rows(), [{ started_at: null, ended_at: lost.due_at }])
})

t.test(
  'runs are remembered for an hour, the newest of an entry that serves for longer',
  async (t) => {
    const { deploy, set, rows, world } = await openShop(t, [entry('old'), entry('rare')])
    const ended = async (): Promise<boolean> => (await rows()).every((row) => row.ended_at !== null)
    set('2026-03-01T03:00:01.000Z')
    await world.until(async () => (await rows()).length === 2 && (await ended()))
    await deploy([entry('new', every), entry('rare')])
    set('2026-03-01T05:00:01.000Z')
    await world.until(async () => (await rows()).some((row) => row.command === 'new'))
    t.same((await rows()).map((row) => row.command).toSorted(), ['new', 'rare'])
  },
)
