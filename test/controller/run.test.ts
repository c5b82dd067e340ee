import { once } from 'node:events'
import { request } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { openLog } from '#contract/log.ts'
import { listDynos, restartAll, restartOne, runDyno } from '#contract/process.ts'
import { followDeployment } from '#contract/release.ts'
import { openRuns } from '#controller/run/runs.ts'
import { exits, idles, serves } from '#driver/memory/memory.ts'
import type { Program } from '#driver/memory/memory.ts'
import { attachTo, openDoor } from './run-door.ts'

/** Says its environment and input, and ends with the code its command names. */
const echoes: Program = async ({ spec, stdin, stdout, stderr }) => {
  stdout.write(`${spec.env['GREETING']} ${spec.env['MORE']}\n`)
  stderr.write('beware\n')
  if (spec.command?.startsWith('cat') === true) stdout.write(await text(stdin))
  return Number(spec.command?.split(' ')[1] ?? 0)
}
const program = ({ type, command }: { type: string; command: string | null }): Program => {
  if (type !== 'run') return serves()
  return command === 'sleep' ? idles : echoes
}

t.test(
  'an attached one-off has the config, its input and output, and passes its exit code',
  async (t) => {
    const { world, call, params } = await openDoor(t, { program })
    const id = await world.release({ web: 'node server.js' }, undefined, { GREETING: 'hello' })
    await world.reaches(id, 'succeeded')
    const body = { command: 'cat 7', attach: true, env: { MORE: 'world' } }
    const dyno = await call(runDyno, { params, body })
    t.match(dyno, { name: /^run\.\d{4}$/, type: 'run', release: { version: 1 } })
    const attached = await attachTo(dyno.attach_url ?? '')
    attached.send('input', 'one two ')
    attached.send('input', 'three')
    attached.send('end')
    t.same(await attached.ended, {
      stdout: 'hello world\none two three',
      stderr: 'beware\n',
      exit: 7,
    })
    await world.until(async () => (await world.running()).length === 1)
    await t.rejects(attachTo(dyno.attach_url ?? ''), /stream does not exist or has expired/)
  },
)

t.test('when its client is gone, an attached one-off is killed', async (t) => {
  const { world, call, params } = await openDoor(t, { program })
  await world.reaches(await world.release({ web: 'node server.js' }), 'succeeded')
  const { attach_url } = await call(runDyno, { params, body: { command: 'sleep', attach: true } })
  const attached = await attachTo(attach_url ?? '')
  await world.until(async () => (await world.running()).length === 2)
  attached.destroy()
  await world.until(async () => (await world.running()).length === 1)
  t.same(await world.running(), ['web.1 v1 running'])
})

t.test('a signal and a new size reach it; nonsense ends it', async (t) => {
  const { world, call, params } = await openDoor(t, { program })
  await world.reaches(await world.release({ web: 'node server.js' }), 'succeeded')
  const body = { command: 'sleep', attach: true, tty: true, columns: 100, rows: 40 }
  const first = await attachTo((await call(runDyno, { params, body })).attach_url ?? '')
  first.send('resize', Uint8Array.of(0, 120, 0, 50))
  first.send('signal', 'SIGINT')
  t.equal((await first.ended).exit, 130)
  const second = await attachTo((await call(runDyno, { params, body })).attach_url ?? '')
  second.send('signal', 'rm -rf /')
  t.equal((await second.ended).exit, null)
  await world.until(async () => (await world.running()).length === 1)
})

t.test(
  'without a client its output goes to the log, and it is gone when it has ended',
  async (t) => {
    const { world, call, params } = await openDoor(t, { program })
    const id = await world.release({ web: 'node server.js' }, undefined, { GREETING: 'hello' })
    await world.reaches(id, 'succeeded')
    const dyno = await call(runDyno, { params, body: { command: 'echo 3', env: { MORE: 'log' } } })
    t.equal(dyno.attach_url, null)
    await world.until(async () => (await world.running()).length === 1)
    const { logplex_url } = await call(openLog, { params, body: { dyno: 'run' } })
    const lines = (await (await fetch(logplex_url)).text()).trimEnd().split('\n')
    const said = lines.map((line) => line.replace(/^\S+ /, ''))
    t.same(said.toSorted(), [
      `app[${dyno.name}]: beware`,
      `app[${dyno.name}]: hello log`,
      `slipway[${dyno.name}]: ended with exit code 3`,
      `slipway[${dyno.name}]: started`,
    ])
  },
)

t.test('a one-off lives no longer than it may', async (t) => {
  const { world, call, params } = await openDoor(t, { program })
  await world.reaches(await world.release({ web: 'node server.js' }), 'succeeded')
  await call(runDyno, { params, body: { command: 'sleep', time_to_live: 1 } })
  t.equal((await world.running()).length, 2)
  await world.until(async () => (await world.running()).length === 1)
})

t.test(
  'a deploy leaves one-offs alone; a controller that starts kills those whose client is gone',
  async (t) => {
    const { world, call, params } = await openDoor(t, { program })
    await world.reaches(await world.release({ web: 'node server.js' }), 'succeeded')
    const alone = await call(runDyno, { params, body: { command: 'sleep' } })
    const { attach_url } = await call(runDyno, { params, body: { command: 'sleep', attach: true } })
    const attached = await attachTo(attach_url ?? '')
    await world.reaches(await world.release({ web: 'node server.js' }), 'succeeded')
    t.equal((await world.running()).length, 3)
    const next = openRuns(world.deps)
    await world.until(async () => (await world.running()).length === 2)
    const left = await call(listDynos, { params })
    t.match(left, [
      { name: alone.name, state: 'up', command: 'sleep' },
      { name: 'web.1', state: 'up' },
    ])
    await attached.ended
    await next.close()
    await call(restartOne, { params: { ...params, dyno: alone.name } })
    await world.until(async () => (await world.running()).length === 1)
  },
)

t.test('before there is code nothing can be run or restarted', async (t) => {
  const { call, params } = await openDoor(t)
  await t.rejects(call(runDyno, { params, body: { command: 'ls' } }), { code: 'NOTHING_DEPLOYED' })
  await t.rejects(call(restartAll, { params }), { code: 'NOTHING_DEPLOYED' })
  await t.rejects(call(restartOne, { params: { ...params, dyno: 'web.1' } }), {
    code: 'DYNO_NOT_FOUND',
  })
})

t.test('a restart of all is a deployment of the same release, followed line by line', async (t) => {
  const { world, call, params } = await openDoor(t)
  const first = await world.release({ web: 'node server.js' })
  await world.reaches(first, 'succeeded')
  t.same(await call(restartAll, { params }), { version: 1 })
  const lines: string[] = []
  for (let after = 0; ;) {
    const query = { after, wait: 5 }
    const seen = await call(followDeployment, { params: { ...params, release: '1' }, query })
    lines.push(...seen.journal.map(({ kind, text: line }) => `${kind} ${line}`))
    after = seen.journal.at(-1)?.seq ?? after
    if (!seen.live) continue
    t.match(seen, { version: 1, failure: null })
    break
  }
  t.match(lines, ['step Deploying web x1', /^text web\.1 healthy/])
  await world.until(async () => (await world.running()).length === 1)
  const deployments = await world.store.selectFrom('deployments').select('reason').execute()
  t.same(deployments.map(({ reason }) => reason).toSorted(), ['release', 'restart'])
})

t.test('restarting one process starts it anew', async (t) => {
  const { world, call, params } = await openDoor(t)
  await world.reaches(await world.release({ web: 'node server.js' }), 'succeeded')
  const [before] = await call(listDynos, { params })
  await call(restartOne, { params: { ...params, dyno: 'web.1' } })
  await world.until(async () => {
    const [after] = await call(listDynos, { params })
    return after !== undefined && after.created_at !== before?.created_at && after.state === 'up'
  })
  t.equal(world.router.copies().length, 1)
})

t.test('what crashed and what starts is told apart', async (t) => {
  let isFirst = true
  const { world, call, params } = await openDoor(t, {
    program: ({ type }) => {
      if (type === 'web') return serves()
      return isFirst ? idles : exits(1)
    },
  })
  await world.reaches(await world.release({ web: 'x', worker: 'y' }), 'succeeded')
  isFirst = false
  const all = await call(listDynos, { params })
  world.fleet.exit(all.find(({ type }) => type === 'worker')?.id ?? '', 1)
  const stateOf = async (type: string) =>
    (await call(listDynos, { params })).find((one) => one.type === type)?.state
  await world.until(async () => (await stateOf('worker')) === 'crashed')
  t.equal(await stateOf('web'), 'up')
})

t.test(
  'a log is followed live, by whom and for what was asked, as lines or as events',
  async (t) => {
    const { world, call, params } = await openDoor(t, {
      program:
        ({ type }) =>
        async (surroundings) => {
          surroundings.stdout.write(`I am ${type}\n`)
          const ticking = setInterval(() => surroundings.stdout.write(`tick of ${type}\n`), 20)
          surroundings.told.addEventListener('abort', () => clearInterval(ticking))
          return (type === 'web' ? serves() : idles)(surroundings)
        },
    })
    await world.reaches(await world.release({ web: 'x', worker: 'y' }), 'succeeded')
    const address = async (body: object): Promise<string> =>
      (await call(openLog, { params, body })).logplex_url
    const open = async (body: object): Promise<Response> => fetch(await address(body))
    const past = (await (await open({ dyno: 'worker.1', lines: 2 })).text()).trimEnd().split('\n')
    t.equal(past.length, 2)
    for (const line of past) t.match(line, /^20\S+Z app\[worker\.1\]: tick of worker$/)
    const own = await (await open({ source: 'slipway' })).text()
    t.match(own, /slipway\[deploy\]: v1 is starting\n.*slipway\[deploy\]: v1 is live\n/)

    const url = await address({ dyno: 'web', lines: 0, tail: true })
    const asked = request(url, { agent: false, headers: { accept: 'text/event-stream' } }).end()
    const [live] = (await once(asked, 'response')) as [IncomingMessage]
    t.equal(live.headers['content-type'], 'text/event-stream')
    let seen = ''
    for await (const chunk of live.setEncoding('utf8')) {
      seen += chunk
      if (seen.split('\n\n').length > 5) break
    }
    t.match(seen, /^(data: 20\S+ app\[web\.1\]: tick of web\n\n)+$/)
    const stale = await fetch(new URL('nonsense', url))
    await stale.text()
    t.equal(stale.status, 404)
  },
)

t.test('the command of one that could not be started is not remembered', async (t) => {
  let name = ''
  const beforeStart = async (spec: { type: string; name: string }): Promise<void> => {
    if (spec.type !== 'run') return
    name = spec.name
    throw new Error('no')
  }
  const { world, runs, call, params } = await openDoor(t, { program, beforeStart })
  await world.reaches(await world.release({ web: 'node server.js' }), 'succeeded')
  await t.rejects(call(runDyno, { params, body: { command: 'sleep' } }))
  t.match(name, /-run-/)
  t.equal(runs.commandOf(name), undefined)
})
