import { once } from 'node:events'
import { createServer } from 'node:http'
import t from 'tap'
import type { CopySpec } from '#driver/driver.ts'
import { exits, idles, serves } from '#driver/memory/memory.ts'
import type { Program } from '#driver/memory/memory.ts'
import { openWorld, short } from './deploy-world.ts'
import { httpCheck } from './http-check.ts'

const types = { web: 'node server.js' }

/** Listens at once, and answers with what `status` says when it is asked. */
function answers(status: () => number): Program {
  return async (surroundings) => {
    const server = createServer((_, response) => void response.writeHead(status()).end())
    server.listen(Number(surroundings.spec.env['PORT']), surroundings.address)
    await once(server, 'listening')
    const code = await idles(surroundings)
    server.close()
    server.closeAllConnections()
    return code
  }
}

t.test('a new copy that fails its check gets no request; the old release goes on', async (t) => {
  const program = ({ release }: { release: number }) =>
    release === 1 ? serves() : answers(() => 500)
  const world = await openWorld(t, { program })
  const first = await world.release(types)
  await world.reaches(first, 'succeeded')
  const tables = world.router.tables.length
  const second = await world.release(types, world, {}, [httpCheck()])
  const { failure } = await world.reaches(second, 'failed')
  t.equal(
    failure,
    'web.1 failed its health check: GET /up answered 500 (one try); v1 keeps serving',
  )
  t.match(await world.journal(second), [
    'step: Deploying web x1',
    'text: health check: GET /up, 1 try of 1 s',
    /^error: web\.1 failed its health check/,
    /^hint: GET \/up must answer 2xx or 3xx within 1 s; /,
  ])
  await world.until(async () => (await world.running()).length === 1)
  t.same(await world.running(), ['web.1 v1 running'])
  t.same(world.router.copies().map(short), [`${first.slice(0, 8)} web.1`])
  t.equal(world.router.tables.length, tables, 'the router heard of nothing')
})

t.test('a copy is routed when its check passes, and not before', async (t) => {
  let status = 503
  let asked = 0
  const program = () =>
    answers(() => {
      asked += 1
      return status
    })
  const world = await openWorld(t, { program })
  const id = await world.release(types, world, {}, [httpCheck({ attempts: 3 })])
  await world.until(() => asked > 0)
  t.equal((await world.row(id)).state, 'starting')
  t.same(world.router.copies(), [])
  status = 200
  await world.reaches(id, 'succeeded')
  t.equal(asked, 2)
  t.same(world.router.copies().map(short), [`${id.slice(0, 8)} web.1`])
})

t.test(
  'what serves and is started again passes its check first, however long that takes',
  async (t) => {
    let status = 200
    const world = await openWorld(t, { program: () => answers(() => status) })
    const id = await world.release(types, world, {}, [httpCheck()])
    await world.reaches(id, 'succeeded')
    status = 500
    const [copy] = await world.fleet.list({}, AbortSignal.timeout(1000))
    world.fleet.exit(copy?.name ?? '', 1)
    await world.until(() => world.router.copies().length === 0)
    await world.until(async () => (await world.running()).join() === 'web.1 v1 running')
    t.same(world.router.copies(), [])
    status = 200
    await world.until(() => world.router.copies().length === 1)
    t.equal((await world.row(id)).state, 'succeeded')
  },
)

t.test('a command is run in the copy, with what the copy has', async (t) => {
  let status = 1
  const seen: unknown[] = []
  const program = (spec: CopySpec): Program => {
    if (spec.command !== 'bin/check') return serves()
    seen.push([spec.type, spec.env['PORT'], spec.env['COLOUR']])
    return exits(status)
  }
  const world = await openWorld(t, { program })
  const { path: _, headers: __, content: ___, port: ____, ...tries } = httpCheck({ attempts: 3 })
  const check = { ...tries, kind: 'command', command: 'bin/check' } as const
  const id = await world.release(types, world, { COLOUR: 'blue' }, [check])
  await world.until(() => seen.length > 0)
  t.same(world.router.copies(), [])
  status = 0
  await world.reaches(id, 'succeeded')
  t.same(seen, [
    ['web', '5000', 'blue'],
    ['web', '5000', 'blue'],
  ])
})

t.test('a copy that fails its liveness check is started anew, and its log says why', async (t) => {
  let status = 200
  const world = await openWorld(t, { program: () => answers(() => status) })
  const id = await world.release(types, world, {}, [httpCheck({ type: 'liveness', attempts: 2 })])
  await world.reaches(id, 'succeeded')
  const [first] = await world.fleet.list({}, AbortSignal.timeout(1000))
  status = 500
  await world.until(() => world.router.copies().length === 0)
  status = 200
  await world.until(() => world.router.copies().length === 1)
  const [second] = await world.fleet.list({}, AbortSignal.timeout(1000))
  t.equal(second?.name, first?.name)
  t.ok((second?.startedAtMs ?? 0) > (first?.startedAtMs ?? Infinity))
  t.equal((await world.row(id)).state, 'succeeded')
  t.notOk(
    world.router.events.some((event) => event.startsWith('idle')),
    'nothing is waited for',
  )
  t.match(world.logged.join('\n'), /copy\.sick.*GET \/up answered 500/)
})

t.test('one that fails now and then, but not in a row, is left alone', async (t) => {
  let asked = 0
  const program = () => answers(() => ((asked += 1) % 2 === 0 ? 200 : 500))
  const world = await openWorld(t, { program })
  const id = await world.release(types, world, {}, [httpCheck({ type: 'liveness', attempts: 2 })])
  await world.reaches(id, 'succeeded')
  const before = await world.fleet.list({}, AbortSignal.timeout(1000))
  await world.until(() => asked >= 4)
  t.same(await world.fleet.list({}, AbortSignal.timeout(1000)), before)
})

t.test(
  'one that is killed by its liveness check again and again waits longer and longer',
  async (t) => {
    let starts = 0
    const program = (): Program => {
      starts += 1
      return answers(() => 500)
    }
    const world = await openWorld(t, { program })
    const id = await world.release(types, world, {}, [httpCheck({ type: 'liveness' })])
    await world.reaches(id, 'succeeded')
    await world.until(() => starts === 3)
    const third = Date.now()
    await world.until(() => starts === 4)
    t.ok(Date.now() - third >= 1900, 'two seconds after the third')
  },
)

t.test('a controller that starts goes on with liveness checks of what it finds', async (t) => {
  let status = 200
  const world = await openWorld(t, { program: () => answers(() => status) })
  const id = await world.release(types, world, {}, [httpCheck({ type: 'liveness' })])
  await world.reaches(id, 'succeeded')
  await world.restart()
  await world.until(() => world.router.copies().length === 1)
  status = 500
  await world.until(() => world.router.copies().length === 0)
  t.equal((await world.row(id)).state, 'succeeded')
})

t.test('a deployment on its way knows no liveness: it is asked for once it is live', async (t) => {
  let starts = 0
  const program = ({ release, index }: CopySpec): Program => {
    if (release === 1) return serves()
    if (index === 2) return serves({ afterMs: 1500 })
    starts += 1
    return answers(() => 500)
  }
  const world = await openWorld(t, { program })
  await world.reaches(await world.release(types), 'succeeded')
  await world.scale('web', 2)
  const id = await world.release(types, world, {}, [httpCheck({ type: 'liveness' })])
  await world.reaches(id, 'draining', 'succeeded')
  t.equal(starts, 1)
  await world.until(() => starts > 1)
})
