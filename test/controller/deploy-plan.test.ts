import t from 'tap'
import type { DeploymentState } from '#contract/release.ts'
import { checkingMs, copiesOf, copyName, isCronRun, taskOf } from '#controller/deploy/copy.ts'
import type { Copy, Target } from '#controller/deploy/copy.ts'
import { followers, isDone, mayFollow, stageMs } from '#controller/deploy/deployment.ts'
import { explain } from '#controller/deploy/failure.ts'
import { plan } from '#controller/deploy/plan.ts'
import type { Plan, Wanted } from '#controller/deploy/plan.ts'
import { backoffMs, noticeCrashes } from '#controller/deploy/seen.ts'
import type { Seen } from '#controller/deploy/seen.ts'
import type { Step } from '#controller/deploy/step.ts'
import type { Instance } from '#driver/driver.ts'
import { httpCheck } from './http-check.ts'

const owner = { appId: 'a', environmentId: 'e', app: 'shop' }
const types = { web: 'node server.js', worker: 'node worker.js', release: 'npm run migrate' }
const startTimeoutMs = 60_000

function target(
  version: number,
  state: DeploymentState,
  quantities = { web: 2, worker: 1 },
): Target {
  const making = {
    instance: 'main',
    app: 'shop',
    deploymentId: `${version}0000000-0000-0000-0000-000000000000`,
    release: version,
    processTypes: types,
    quantities,
  }
  return {
    id: making.deploymentId,
    version,
    state,
    deadlineMs: 1_000_000,
    copies: copiesOf(making),
    task: taskOf(making),
  }
}

const making12 = {
  instance: 'main',
  app: 'shop',
  deploymentId: '12000000-0000-0000-0000-000000000000',
  release: 12,
  processTypes: types,
}

function instance(copy: Copy, change: Partial<Instance> = {}): Instance {
  return {
    name: copy.name,
    owner,
    deploymentId: copy.deploymentId,
    release: copy.release,
    type: copy.type,
    index: copy.index,
    state: 'running',
    address: '10.217.0.2',
    exitCode: null,
    oomKilled: false,
    startedAtMs: 0,
    ...change,
  }
}

function seen(change: Partial<Seen> = {}): Seen {
  const instances = change.instances ?? []
  return {
    instances,
    byName: new Map(instances.map((one) => [one.name, one])),
    answered: new Map(instances.map((one) => [one.name, one.startedAtMs])),
    listening: new Map(),
    probes: new Map(),
    failedChecks: new Map(),
    crashes: new Map(),
    resting: new Map(),
    retiring: new Set(),
    routed: new Set(),
    trouble: null,
    startTimeoutMs,
    releaseTimeoutMs: 600_000,
    ...change,
  }
}

const brief = (made: Plan): string[] =>
  made.steps.map((step) => {
    switch (step.do) {
      case 'start':
        return `start ${step.copy.type}.${step.copy.index} v${step.copy.release}`
      case 'enter':
        return `enter ${step.state}`
      case 'fail':
        return explain(step.cause, { app: 'shop', kept: 11, memoryBytes: 512 * 1024 ** 2 }).error
      case 'remove':
      case 'retire':
        return `${step.do} ${step.name}`
    }
  })

t.test('every state of a deployment leads to an end', (t) => {
  const reaches = (state: DeploymentState): boolean =>
    isDone(state) || followers[state].some((next) => reaches(next))
  for (const state of Object.keys(followers) as DeploymentState[]) t.ok(reaches(state), state)
  t.notOk(mayFollow('draining', 'failed'), 'what is served cannot fail any more')
  t.end()
})

t.test('a name is the same for the same copy, differs for any other, and fits a host name', (t) => {
  const id = '1a2b3c4d-0000-0000-0000-000000000000'
  t.equal(copyName('main', 'shop', id, 'web', 1), 'slw-main-shop-1a2b3c4d-web-1')
  const long = ['web', 'x'.repeat(63), `${'x'.repeat(62)}y`].flatMap((type) =>
    [1, 2].map((index) => copyName('main', 'a'.repeat(30), id, type, index)),
  )
  t.equal(new Set(long).size, long.length)
  const run = copyName('i'.repeat(29), 'a'.repeat(30), id, 'cron', 1)
  t.ok(isCronRun({ name: run, type: 'run' }), 'however long the name of the platform')
  for (const name of [...long, run]) t.ok(name.length <= 63 && /^[a-z0-9-]+$/.test(name), name)
  t.end()
})

t.test('one stage after the other', (t) => {
  const wanted = (state: DeploymentState): Wanted => ({
    serving: null,
    open: target(12, state),
    older: [],
  })
  const { copies, task } = target(12, 'pending')
  const ended = instance(task as Copy, { state: 'exited', exitCode: 0 })
  const all = copies.map((copy) => instance(copy))
  const web = copies.filter((copy) => copy.type === 'web').map((copy) => copy.name)

  t.same(brief(plan(wanted('pending'), seen(), 0)), ['enter releasing'])
  t.same(brief(plan(wanted('releasing'), seen(), 0)), ['start release.1 v12'])
  const running = seen({ instances: [instance(task as Copy)] })
  t.same(brief(plan(wanted('releasing'), running, 0)), [], 'waits for the task')
  t.same(brief(plan(wanted('releasing'), seen({ instances: [ended] }), 0)), ['enter starting'])
  t.same(brief(plan(wanted('starting'), seen(), 0)), [
    'start web.1 v12',
    'start web.2 v12',
    'start worker.1 v12',
  ])
  t.same(brief(plan(wanted('starting'), seen({ instances: all }), 500)), [], 'the worker is young')
  t.same(brief(plan(wanted('starting'), seen({ instances: all }), 1000)), ['enter routing'])
  const routing = plan(wanted('routing'), seen({ instances: all }), 1000)
  t.same(brief(routing), [], 'waits for the router')
  t.same(routing.routes, web)
  const routed = seen({ instances: all, routed: new Set(web) })
  t.same(brief(plan(wanted('routing'), routed, 1000)), ['enter draining'])
  t.end()
})

t.test('copies that run what is asked for are taken over as they are', (t) => {
  const serving = target(11, 'succeeded')
  const instances = serving.copies.map((copy) => instance(copy))
  const web = serving.copies.filter((copy) => copy.type === 'web').map((copy) => copy.name)
  const open = { ...target(12, 'pending'), copies: serving.copies, task: null, adopts: true }
  const made = (state: DeploymentState, change: Partial<Seen> = {}): Plan => {
    const wanted = { serving, open: { ...open, state }, older: [] }
    return plan(wanted, seen({ instances, routed: new Set(web), ...change }), 1000)
  }
  t.same(brief(made('pending')), ['enter routing'])
  t.same(made('pending').routes, web)
  t.same(brief(made('routing')), ['enter draining'])
  t.same(made('routing').routes, web)
  const task = { ...open, task: taskOf({ ...making12, quantities: {} }) }
  t.same(brief(plan({ serving, open: task, older: [] }, seen({ instances }), 1000)), [
    'enter releasing',
  ])

  const [first, ...others] = instances as [Instance]
  const crashed = { instances: [{ ...first, state: 'exited' as const, exitCode: 1 }, ...others] }
  t.same(brief(made('pending', crashed)), [
    'enter starting',
    `remove ${first.name}`,
    'start web.1 v11',
  ])
  t.end()
})

t.test('what goes wrong before the switch is said in a sentence', (t) => {
  const open = target(12, 'starting')
  const [first, ...others] = open.copies.map((copy) => instance(copy))
  const wanted: Wanted = { serving: target(11, 'succeeded'), open, older: [] }
  const after = (change: Partial<Instance>, more: Partial<Seen> = {}, nowMs = 100): string[] => {
    const instances = [{ ...(first as Instance), ...change }, ...others]
    return brief(plan({ ...wanted, serving: null }, seen({ instances, ...more }), nowMs))
  }
  t.match(after({ state: 'exited', exitCode: 1 }), [
    'web.1 exited with code 1 right after it started; v11 keeps serving',
  ])
  t.match(after({ state: 'exited', exitCode: 137, oomKilled: true }), [
    'web.1 ran out of memory (limit 512M) and was killed; v11 keeps serving',
  ])
  const probes = new Map([[first?.name ?? '', 'connection refused']])
  t.match(after({}, { answered: new Map(), probes }, 60_000), [
    'web.1 did not answer on port 5000 in 60 s (last: connection refused); v11 keeps serving',
  ])
  t.match(after({ state: 'created' }, { trouble: 'no space left on device' }, 2_000_000), [
    'starting web.1 took too long (no space left on device); v11 keeps serving',
  ])
  const failed = seen({
    instances: [instance(open.task as Copy, { state: 'exited', exitCode: 3 })],
  })
  const releasing = { serving: null, open: target(12, 'releasing'), older: [] }
  t.match(brief(plan(releasing, failed, 0)), [
    'release task "npm run migrate" exited with code 3; v11 keeps serving',
  ])
  t.end()
})

const upCheck = httpCheck({ name: 'web check', attempts: 3, timeout_s: 10, wait_s: 5 })

t.test('only web copies have checks, and they have more time while those go on', (t) => {
  const alive = httpCheck({ type: 'liveness', timeout_s: 60 })
  const making = { ...making12, quantities: { web: 1, worker: 1 }, checks: [upCheck, alive] }
  const open = { ...target(12, 'starting'), copies: copiesOf(making), task: null }
  t.same(
    open.copies.map(({ checks, liveness }) => [checks, liveness]),
    [
      [[upCheck], [alive]],
      [undefined, undefined],
    ],
  )
  const longestMs = checkingMs(open.copies)
  t.equal(longestMs, 40_000)
  const limits = { startTimeoutMs, releaseTimeoutMs: 0, checksMs: longestMs }
  t.ok(stageMs('starting', limits) > startTimeoutMs + longestMs, 'so has the deployment')

  const instances = open.copies.map((copy) => instance(copy))
  const [web, worker] = open.copies as [Copy, Copy]
  const made = (change: Partial<Seen>, nowMs: number): Plan => {
    const answered = new Map([[worker.name, 0]])
    const probes = new Map([[web.name, 'GET /up answered 503']])
    const more = { instances, answered, probes, ...change }
    return plan({ serving: null, open, older: [] }, seen(more), nowMs)
  }
  const says = (change: Partial<Seen>, nowMs: number): string[] => brief(made(change, nowMs))
  const listening = new Map([[web.name, 0]])
  t.match(says({}, startTimeoutMs), [/did not answer on port 5000 in 60 s/])
  t.same(says({ listening }, startTimeoutMs), [])
  t.equal(made({ listening }, startTimeoutMs).wakeAtMs, 100_000)
  t.match(says({ listening }, 100_000), [
    'web.1 did not pass its health checks in 100 s (last: GET /up answered 503); v11 keeps serving',
  ])
  t.match(says({ listening: new Map([[web.name, 1]]) }, startTimeoutMs), [/did not answer/])
  t.end()
})

t.test('a check without a try left ends the deployment, unless the copy passed since', (t) => {
  const making = { ...making12, quantities: { web: 1 }, checks: [upCheck] }
  const open = { ...target(12, 'starting'), copies: copiesOf(making), task: null }
  const [copy] = open.copies as [Copy]
  const failure = { check: upCheck, last: 'GET /up answered 500', startedAtMs: 0 }
  const made = (change: Partial<Seen>): Plan => {
    const failedChecks = new Map([[copy.name, failure]])
    const more = { instances: [instance(copy)], answered: new Map(), failedChecks, ...change }
    return plan({ serving: null, open, older: [] }, seen(more), 100)
  }
  const about = { app: 'shop', kept: 11, memoryBytes: 1 }
  const said = made({}).steps.map((step) =>
    step.do === 'fail' ? explain(step.cause, about) : step,
  )
  t.same(said[0], {
    error:
      'web.1 failed its health check "web check": GET /up answered 500 (3 tries); v11 keeps serving',
    hint: 'GET /up must answer 2xx or 3xx within 10 s; what needs longer gets more "attempts" or "initialDelay" in app.json; see its output: app logs -a shop',
  })
  t.same(brief(made({ answered: new Map([[copy.name, 0]]) })), ['enter routing'])
  const before = new Map([[copy.name, { ...failure, startedAtMs: -1 }]])
  t.same(brief(made({ failedChecks: before })), [], 'it was another run')
  t.end()
})

t.test('a failed deployment leaves nothing behind and the old release as it was', (t) => {
  const serving = target(11, 'succeeded')
  const old = serving.copies.map((copy) => instance(copy))
  const young = target(12, 'failed').copies.map((copy) => instance(copy))
  const routed = new Set(serving.copies.filter((c) => c.type === 'web').map((c) => c.name))
  const made = plan(
    { serving, open: null, older: [] },
    seen({ instances: [...old, ...young], routed }),
    1000,
  )
  t.same(
    made.steps,
    young.map(({ name, type }) => ({ do: 'retire', name, drain: type === 'web' })),
  )
  t.same(new Set(made.routes), routed)
  t.end()
})

t.test('a copy that keeps crashing is started again after 0, 1, 2, 4 … 60 s', (t) => {
  t.same(
    [1, 2, 3, 4, 5, 8, 9, 50].map(backoffMs),
    [0, 1000, 2000, 4000, 8000, 60_000, 60_000, 60_000],
  )
  const serving = target(11, 'succeeded', { web: 1, worker: 0 })
  const [copy] = serving.copies as [Copy]
  const instances = [instance(copy, { state: 'exited', exitCode: 1, startedAtMs: 5000 })]
  const before = new Map([[copy.name, { count: 2, atMs: 4000, startedAtMs: 3000 }]])
  const crashes = noticeCrashes(before, instances, new Set(), 6000)
  const wanted = { serving, open: null, older: [] }
  const waits = plan(wanted, seen({ instances, crashes }), 6000)
  t.same(waits, { routes: [], steps: [], wakeAtMs: 8000 })
  const acts = plan(wanted, seen({ instances, crashes }), 8000)
  t.same(brief(acts), [`remove ${copy.name}`, 'start web.1 v11'])
  t.equal(noticeCrashes(crashes, instances, new Set(), 9000).get(copy.name)?.count, 3, 'once each')
  t.end()
})

t.test('scaling: up is healthy before it is routed, down is unrouted before it is stopped', (t) => {
  const two = target(11, 'succeeded', { web: 2, worker: 0 })
  const [one, other] = two.copies as [Copy, Copy]
  const instances = [instance(one), instance(other)]
  const starting = plan(
    { serving: two, open: null, older: [] },
    seen({ instances, answered: new Map([[one.name, 0]]), routed: new Set([one.name]) }),
    10,
  )
  t.same(starting, { routes: [one.name], steps: [], wakeAtMs: null })
  const down = { serving: target(11, 'succeeded', { web: 1, worker: 0 }), open: null, older: [] }
  const both = plan(down, seen({ instances, routed: new Set([one.name, other.name]) }), 10)
  t.same(both, { routes: [one.name], steps: [], wakeAtMs: null })
  const after = plan(down, seen({ instances, routed: new Set([one.name]) }), 10)
  t.same(after.steps, [{ do: 'retire', name: other.name, drain: true }])
  t.end()
})

t.test('a release task that was overtaken comes to its end before the next one starts', (t) => {
  const [older, open] = [target(12, 'superseded'), target(13, 'pending')]
  const wanted = { serving: target(11, 'succeeded', { web: 0, worker: 0 }), open, older: [] }
  const running = seen({ instances: [instance(older.task as Copy)] })
  t.same(brief(plan(wanted, running, 1000)), [])
  const ended = seen({
    instances: [instance(older.task as Copy, { state: 'exited', exitCode: 0 })],
  })
  t.same(brief(plan(wanted, ended, 1000)), ['enter releasing', `remove ${older.task?.name}`])
  t.same(brief(plan(wanted, running, 600_000)), ['enter releasing', `retire ${older.task?.name}`])
  t.end()
})

t.test('without word from the router nothing that may be routed is stopped', (t) => {
  const serving = target(12, 'draining')
  const all = [serving, target(11, 'succeeded')].flatMap((one) => one.copies)
  const instances = all.map((copy) => instance(copy))
  const made = plan({ serving, open: null, older: [] }, seen({ instances, routed: null }), 2000)
  const stopped = made.steps.flatMap((step) => (step.do === 'retire' ? [step.name] : []))
  t.same(stopped, [all[5]?.name], 'the worker only')
  t.end()
})

/** A world in which steps do what they should; the router takes a table at once. */
class World {
  readonly states = new Map<string, DeploymentState>()
  readonly instances = new Map<string, Instance>()
  readonly answered = new Map<string, number>()
  routed = new Set<string>()
  nowMs = 10_000

  copy(): World {
    const other = new World()
    for (const [id, state] of this.states) other.states.set(id, state)
    for (const [name, one] of this.instances) other.instances.set(name, one)
    for (const [name, at] of this.answered) other.answered.set(name, at)
    other.routed = new Set(this.routed)
    other.nowMs = this.nowMs
    return other
  }

  plan(): Plan {
    const of = (version: number): Target => {
      const { id } = target(version, 'pending')
      return target(version, this.states.get(id) ?? 'pending')
    }
    const isLive = (one: Target): boolean => one.state === 'draining' || one.state === 'succeeded'
    const young = of(12)
    const old = of(11)
    const wanted: Wanted = isLive(young)
      ? { serving: young, open: null, older: [] }
      : { serving: old, open: isDone(young.state) ? null : young, older: [] }
    const instances = [...this.instances.values()]
    return plan(
      wanted,
      seen({ instances, answered: this.answered, routed: this.routed }),
      this.nowMs,
    )
  }

  /** Does one thing of a plan; the rest is lost, as by kill -9. */
  do(step: Step): void {
    if (step.do === 'enter') this.states.set(step.id, step.state)
    if (step.do === 'retire' || step.do === 'remove') this.instances.delete(step.name)
    if (step.do === 'start') {
      const isTask = step.copy.type === 'release'
      const end: Partial<Instance> = isTask ? { state: 'exited', exitCode: 0 } : {}
      this.instances.set(step.copy.name, instance(step.copy, { startedAtMs: this.nowMs, ...end }))
    }
  }

  /** Time passes, apps begin to listen. */
  pass(): void {
    this.nowMs += 1000
    for (const one of this.instances.values()) this.answered.set(one.name, one.startedAtMs)
  }

  /** How many copies behind the router are there. */
  served(): number {
    return [...this.routed].filter((name) => this.instances.get(name)?.state === 'running').length
  }
}

/** Nothing is left to do, and time alone changes nothing. */
function isStill(world: World): boolean {
  const later = world.copy()
  later.pass()
  const { steps, routes } = later.plan()
  return steps.length === 0 && routes.every((name) => world.routed.has(name))
}

t.test(
  'killed between any two steps, it converges, and something healthy is always routed',
  (t) => {
    const start = new World()
    const old = target(11, 'succeeded')
    start.states.set(old.id, 'succeeded')
    for (const copy of old.copies) start.instances.set(copy.name, instance(copy))
    start.pass()
    start.routed = new Set(start.plan().routes)

    let reached = 0
    const visited = new Set<string>()
    const visit = (world: World): void => {
      const key = JSON.stringify([
        [...world.states],
        [...world.instances.keys()].toSorted(),
        [...world.routed].toSorted(),
        [...world.answered.keys()].toSorted(),
      ])
      if (visited.has(key)) return
      visited.add(key)
      if (world.served() !== 2) t.fail(`${world.served()} of 2 copies are routed and running`)
      const made = world.plan()
      const branches = made.steps.map((step) => (next: World) => next.do(step))
      if (made.routes.toString() !== [...world.routed].toString())
        branches.push((next) => void (next.routed = new Set(made.routes)))
      if (branches.length === 0 && isStill(world)) {
        t.equal(world.states.get(target(12, 'pending').id), 'succeeded')
        t.equal(world.instances.size, target(12, 'pending').copies.length)
        reached += 1
      }
      branches.push((next) => next.pass())
      for (const branch of branches) {
        const next = world.copy()
        branch(next)
        visit(next)
      }
    }
    visit(start)
    t.ok(visited.size > 30, `${visited.size} states of the world`)
    t.ok(reached > 0, 'the goal')
    t.end()
  },
)
