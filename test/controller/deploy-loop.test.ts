import t from 'tap'
import { createDeployment } from '#controller/store/deployments.ts'
import type { DeploymentState } from '#contract/release.ts'
import { exits, idles, serves } from '#driver/memory/memory.ts'
import type { Program } from '#driver/memory/memory.ts'
import { deleteApp } from '#controller/store/apps.ts'
import { openWorld, short } from './deploy-world.ts'

const says = (text: string, then: Program): Program => {
  return async (surroundings) => {
    surroundings.stdout.write(`${text}\n`)
    return then(surroundings)
  }
}

t.test('a good release is live, with every copy of every process type', async (t) => {
  const world = await openWorld(t, {
    program: ({ type }) => (type === 'web' ? serves() : idles),
  })
  const started = Date.now()
  const id = await world.release({ web: 'node server.js', worker: 'node worker.js' })
  const row = await world.reaches(id, 'succeeded')
  t.ok(row.live_at !== null)
  t.ok(Date.now() - started < 2000, 'the worker is watched for a second, and nothing else waits')
  t.same(await world.running(), ['web.1 v1 running', 'worker.1 v1 running'])
  t.same(world.router.copies().map(short), [`${id.slice(0, 8)} web.1`])
  t.match(await world.journal(id), [
    'step: Deploying web x1, worker x1',
    /^text: web\.1 healthy \(0\.\ds\)$/,
    'text: worker.1 running',
  ])
})

t.test('a fast app is live in tens of milliseconds', async (t) => {
  const world = await openWorld(t)
  await world.reaches(await world.release({ web: 'node server.js' }), 'succeeded')
  const started = performance.now()
  await world.reaches(await world.release({ web: 'node server.js' }), 'draining', 'succeeded')
  const tookMs = performance.now() - started
  t.comment(`${Math.round(tookMs)} ms`)
  t.ok(tookMs < 1000)
})

t.test('the old release runs until the new one is healthy and routed', async (t) => {
  const world = await openWorld(t)
  const first = await world.release({ web: 'node server.js' })
  await world.reaches(first, 'succeeded')
  const second = await world.release({ web: 'node server.js' })
  await world.reaches(second, 'succeeded')
  const [old, young] = [first, second].map((id) => id.slice(0, 8))
  t.match(world.router.events.slice(-3), [
    `table ${young} web.1`,
    `idle slw-main-shop-${old}-web-1`,
    `close slw-main-shop-${old}-web-1`,
  ])
  t.same(await world.running(), ['web.1 v2 running'])
})

t.test('a deployment of what runs already keeps the copies, and so does the next', async (t) => {
  const world = await openWorld(t)
  const first = await world.release({ web: 'node server.js' })
  const { environment_id: environmentId, release_id: releaseId } = await world.reaches(
    first,
    'succeeded',
  )
  const before = await world.fleet.list({}, AbortSignal.timeout(1000))
  for (const _ of [2, 3]) {
    const of = { environmentId, releaseId, copiesOf: first }
    const id = await createDeployment(world.store, { ...of, reason: 'release' })
    world.deploys.kick(environmentId)
    await world.reaches(id, 'succeeded')
    t.same(await world.journal(id), [
      'step: Keeping web x1 as it runs: same code, config and process types',
    ])
    t.same(await world.fleet.list({}, AbortSignal.timeout(1000)), before)
  }
  t.same(world.router.copies().map(short), [`${first.slice(0, 8)} web.1`])

  world.fleet.exit(before[0]?.name ?? '', 1)
  await world.until(async () => {
    const [now] = await world.fleet.list({}, AbortSignal.timeout(1000))
    return now?.state === 'running' && now.startedAtMs !== before[0]?.startedAtMs
  })
  const again = await world.redeploy(first)
  await world.reaches(again, 'succeeded')
  t.same(world.router.copies().map(short), [`${again.slice(0, 8)} web.1`], 'a restart is one')
})

t.test('the release task runs once, and the pusher reads what it writes', async (t) => {
  let runs = 0
  const world = await openWorld(t, {
    program: ({ type }) => {
      if (type !== 'release') return serves()
      runs += 1
      return says('migrated 3 tables', exits(0))
    },
  })
  const id = await world.release({ web: 'node server.js', release: 'npm run migrate' })
  await world.reaches(id, 'succeeded')
  t.equal(runs, 1)
  t.match(await world.journal(id), [
    'text: release: npm run migrate',
    'text:   migrated 3 tables',
    'text: release: ok',
    'step: Deploying web x1',
    /web\.1 healthy/,
  ])
  await world.until(async () => (await world.running()).length === 1)
  await world.reaches(await world.redeploy(id), 'succeeded')
  t.equal(runs, 1, 'a restart does not run it again')
})

const failures: { name: string; program: Program; types?: object; expect: RegExp[] }[] = [
  {
    name: 'a release task that fails',
    program: says('no such table', exits(3)),
    types: { release: 'npm run migrate' },
    expect: [
      /^text: release: npm run migrate$/,
      /^text: {3}no such table$/,
      /^error: release task "npm run migrate" exited with code 3; v1 keeps serving$/,
      /^hint: .*app run -a shop 'npm run migrate'$/,
    ],
  },
  {
    name: 'a copy that exits',
    program: says('Cannot find module', exits(1, { afterMs: 20 })),
    expect: [
      /^step: Deploying web x1$/,
      /^text: Cannot find module$/,
      /^error: web\.1 exited with code 1 right after it started; v1 keeps serving$/,
      /^hint: /,
    ],
  },
  {
    name: 'a copy that never listens',
    program: says('listening on 127.0.0.1', idles),
    expect: [
      /^step: Deploying web x1$/,
      /^text: listening on 127\.0\.0\.1$/,
      /^error: web\.1 did not answer on port 5000 in 1 s \(last: connection refused\); v1 keeps serving$/,
      /^hint: the app must listen on \$PORT \(5000\) on 0\.0\.0\.0, not 127\.0\.0\.1/,
    ],
  },
]
for (const { name, program, types, expect } of failures) {
  t.test(`${name} fails the deployment and leaves the old release as it was`, async (t) => {
    const world = await openWorld(t, {
      settings: { startTimeoutMs: 1000 },
      program: (spec) => {
        if (spec.release === 1) return serves()
        return types === undefined || spec.type === 'release' ? program : serves()
      },
    })
    await world.reaches(await world.release({ web: 'node server.js' }), 'succeeded')
    const before = world.router.table
    const bad = await world.release({ web: 'node server.js', ...types })
    const row = await world.reaches(bad, 'failed')
    t.match(row.failure, /; v1 keeps serving$/)
    t.match(await world.journal(bad), expect)
    await world.until(async () => (await world.running()).length === 1)
    t.same(await world.running(), ['web.1 v1 running'])
    t.same(world.router.table, before)
  })
}

t.test('scaling up routes what is healthy; scaling down unroutes, drains, stops', async (t) => {
  const world = await openWorld(t)
  const id = await world.release({ web: 'node server.js' })
  await world.reaches(id, 'succeeded')
  await world.scale('web', 3)
  await world.until(() => world.router.copies().length === 3)
  await world.scale('web', 1)
  await world.until(async () => (await world.running()).length === 1)
  const name = id.slice(0, 8)
  const events = world.router.events.map((event) => event.replaceAll(`slw-main-shop-${name}-`, ''))
  const down = events.lastIndexOf(`table ${name} web.1`)
  t.same(events.slice(down + 1).toSorted(), [
    'close web-2',
    'close web-3',
    'idle web-2',
    'idle web-3',
  ])
  await world.scale('web', 0)
  await world.until(async () => (await world.running()).length === 0)
  t.same(world.router.copies(), [])
  await world.reaches(await world.release({ web: 'node server.js' }), 'succeeded')
  t.same(await world.running(), [], 'a release of nothing is live as well')
})

t.test('a copy that crashed leaves the table and comes back', async (t) => {
  const world = await openWorld(t)
  const id = await world.release({ web: 'node server.js' })
  await world.reaches(id, 'succeeded')
  const name = world.router.copies()[0] ?? ''
  const tables = (): number => world.router.events.filter((one) => one.startsWith('table')).length
  const before = tables()
  world.fleet.exit(name, 1)
  await world.until(() => tables() === before + 2)
  t.match(world.router.events.slice(-2), ['table ', `table ${short(name)}`])
  world.fleet.exit(name, 1)
  await world.until(() => world.router.copies().length === 0)
  const started = Date.now()
  await world.until(() => world.router.copies().length === 1)
  t.ok(Date.now() - started > 800, 'the second time only after a second')
})

t.test('restarting one copy drains it first', async (t) => {
  const world = await openWorld(t)
  const id = await world.release({ web: 'node server.js' })
  await world.reaches(id, 'succeeded')
  const name = world.router.copies()[0] ?? ''
  world.deploys.restartCopy(world.environmentId, name)
  await world.until(
    () =>
      world.router.events.at(-1) === `table ${short(name)}` &&
      world.router.events.includes(`close ${name}`),
  )
  const last = world.router.events.slice(-4)
  t.match(last, ['table ', `idle ${name}`, `close ${name}`, `table ${short(name)}`])
})

t.test('of two deployments in a row the newer one wins', async (t) => {
  const gate = Promise.withResolvers<void>()
  const world = await openWorld(t, {
    beforeStart: async ({ release }) => (release === 2 ? gate.promise : undefined),
  })
  await world.reaches(await world.release({ web: 'node server.js' }), 'succeeded')
  const second = await world.release({ web: 'node server.js' })
  await world.reaches(second, 'starting')
  const third = await world.release({ web: 'node server.js' })
  gate.resolve()
  await world.reaches(third, 'succeeded')
  t.equal((await world.row(second)).state, 'superseded')
  await world.until(async () => (await world.running()).length === 1)
  t.same(await world.running(), ['web.1 v3 running'])
})

t.test('a destroyed app leaves no copy, no route, no log', async (t) => {
  const world = await openWorld(t)
  await world.reaches(await world.release({ web: 'node server.js' }), 'succeeded')
  await world.store.deleteFrom('releases').execute()
  await deleteApp(world.store, world.app.id)
  world.deploys.kick()
  await world.until(async () => (await world.running()).length === 0)
  await world.until(() => world.router.table.sites.length === 0)
  await world.until(async () => (await world.deps.logs.environments()).length === 0)
  t.pass('all gone')
})

t.test('without the engine nothing changes; when it is back, the deployment goes on', async (t) => {
  const world = await openWorld(t)
  await world.reaches(await world.release({ web: 'node server.js' }), 'succeeded')
  const before = world.router.table
  world.fleet.setReachable(false)
  const id = await world.release({ web: 'node server.js' })
  await world.until(() => world.logged.some((line) => line.includes('engine.failed')))
  t.same(world.router.table, before)
  t.match((await world.row(id)).state, /pending|starting/)
  world.fleet.setReachable(true)
  await world.reaches(id, 'succeeded')
})

t.test('a deployment past its deadline fails with what the engine said', async (t) => {
  const world = await openWorld(t)
  world.fleet.setReachable(false)
  const id = await world.release({ web: 'node server.js' })
  const deadline_at = new Date(Date.now() - 1).toISOString()
  await world.store.updateTable('deployments').set({ deadline_at }).where('id', '=', id).execute()
  world.deploys.kick(world.environmentId)
  const { failure } = await world.reaches(id, 'failed')
  t.match(failure, /^starting web\.1 took too long \(The container engine cannot be reached/)
})

t.test('a router that is down holds up the switch only', async (t) => {
  const world = await openWorld(t)
  await world.reaches(await world.release({ web: 'node server.js' }), 'succeeded')
  world.router.isDown = true
  const id = await world.release({ web: 'node server.js' })
  await world.reaches(id, 'routing')
  t.same(await world.running(), ['web.1 v1 running', 'web.1 v2 running'])
  world.router.isDown = false
  await world.reaches(id, 'succeeded')
})

t.test('a router that lost its table gets it again', async (t) => {
  const world = await openWorld(t)
  await world.reaches(await world.release({ web: 'node server.js' }), 'succeeded')
  const { sites, rules, number } = world.router.table
  world.router.forget()
  world.deploys.kick()
  await world.until(() => world.router.copies().length === 1)
  t.match(world.router.table, { sites, rules })
  t.ok(world.router.table.number > number)
})

t.test('a controller that starts takes nothing away from the router', async (t) => {
  const world = await openWorld(t)
  await world.reaches(await world.release({ web: 'node server.js' }), 'succeeded')
  const blog = await world.add('blog')
  world.deploys.kick()
  await world.reaches(await world.release({ web: 'node server.js' }, blog), 'succeeded')
  const before = world.router.tables.length
  await world.restart()
  await world.reaches(await world.release({ web: 'node server.js' }), 'succeeded')
  const since = world.router.tables.slice(before)
  t.equal(since.length, 1, 'the switch')
  const sites = since[0]?.sites.toSorted((a, b) => (a.app < b.app ? -1 : 1))
  t.match(sites, [
    { app: 'blog', instances: [{ release: 1 }] },
    { app: 'shop', instances: [{ release: 2 }] },
  ])
  t.match(since[0]?.rules.map(({ host }) => host).toSorted(), ['blog.localhost', 'shop.localhost'])
})

const states: DeploymentState[] = ['pending', 'releasing', 'starting', 'routing', 'draining']
for (const state of states) {
  t.test(`a controller that ends while a deployment is ${state} takes it up again`, async (t) => {
    let tasks = 0
    const world = await openWorld(t, {
      program: ({ type }) => {
        if (type !== 'release') return serves({ afterMs: 30 })
        tasks += 1
        return says('migrating', exits(0, { afterMs: 30 }))
      },
    })
    await world.reaches(await world.release({ web: 'node server.js' }), 'succeeded')
    if (state === 'pending') await world.stop()
    world.router.isDown = state === 'routing'
    const id = await world.release({ web: 'node server.js', release: 'npm run migrate' })
    if (state !== 'pending') await world.until(async () => (await world.row(id)).state === state)
    t.equal((await world.row(id)).state, state)
    world.router.isDown = false
    await world.restart()
    await world.reaches(id, 'succeeded')
    t.same(await world.running(), ['web.1 v2 running'])
    t.equal(tasks, 1)
    const migrating = (await world.journal(id)).filter((line) => line.includes('migrating'))
    t.equal(migrating.length, 1)
    const empty = world.router.events.filter((event) => event === 'table ').length
    t.ok(empty <= 1, 'no table without copies after the first')
  })
}
