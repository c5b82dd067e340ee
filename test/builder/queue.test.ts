import t from 'tap'
import { withDeadline } from '#builder/build/deadline.ts'
import { BuildQueue, type Place } from '#builder/build/queue.ts'
import { builds, hang, openWorld, pushTwo, Repo, until } from './fixture.ts'

const { signal } = new AbortController()
const soon = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Builds in a queue that began, in order; each runs until it is told to end. */
class Yard {
  readonly begun: string[] = []
  readonly places = new Map<string, Place>()
  readonly #queue: BuildQueue
  readonly #ends = new Map<string, () => void>()

  constructor(atOnce: number, perUser: number) {
    this.#queue = new BuildQueue({ atOnce, perUser })
  }

  async add(...names: string[]): Promise<void> {
    for (const name of names) void this.#run(name)
    await soon()
  }

  async end(name: string): Promise<void> {
    this.#ends.get(name)?.()
    await soon()
  }

  async #run(name: string): Promise<void> {
    const tell = (place: Place): void => void this.places.set(name, place)
    this.#ends.set(name, await this.#queue.enter(name[0] ?? '', tell, signal))
    this.begun.push(name)
  }
}

t.test('turns go round the users, however many builds one of them has', async (t) => {
  const yard = new Yard(1, 1)
  await yard.add('a1', 'a2', 'a3', 'b1')
  t.strictSame(yard.begun, ['a1'])
  t.strictSame(yard.places.get('b1'), { before: 1, own: false }, 'b is next')
  t.strictSame(yard.places.get('a2'), { before: 2, own: false })
  await yard.end('a1')
  await yard.end('b1')
  await yard.end('a2')
  t.strictSame(yard.begun, ['a1', 'b1', 'a2', 'a3'])
})

t.test('one user does not take every turn, and hears that it waits for itself', async (t) => {
  const yard = new Yard(3, 2)
  await yard.add('a1', 'a2', 'a3')
  t.strictSame(yard.begun, ['a1', 'a2'])
  t.strictSame(yard.places.get('a3'), { before: 2, own: true })
  await yard.add('b1')
  t.strictSame(yard.begun, ['a1', 'a2', 'b1'])
  await yard.end('a2')
  t.strictSame(yard.begun, ['a1', 'a2', 'b1', 'a3'])
})

t.test('a build that does not end when its time is over is left behind', async (t) => {
  const stuck = (): Promise<never> => new Promise(() => undefined)
  const late = withDeadline(20, signal, stuck, 20)
  await t.rejects(late, { message: 'the build took longer than 0 s', stage: 'compile' })
  const gone = AbortSignal.timeout(20)
  await t.rejects(withDeadline(10_000, gone, stuck, 20), { name: 'TimeoutError' })
  t.equal(await withDeadline(10_000, signal, async () => 'made'), 'made')
})

t.test('a build whose time is over is ended, and its app can be pushed again', async (t) => {
  const world = await openWorld(t, { SLIPWAY_BUILD_TIMEOUT: '1' })
  world.controller.addApp('hello', world.alice)
  world.sandbox = (_spec, _onOutput, signal) =>
    new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error))
    })
  const repo = await Repo.make(world)
  const { code, text } = await repo.push('hello', 'main')
  t.not(code, 0)
  t.match(text, 'remote: error: the build took longer than 1 s')
  t.match(world.controller.builds[0]?.result, { status: 'failed' })
  world.sandbox = builds()
  t.equal((await repo.push('hello', 'main')).code, 0)
})

t.test('a build is cancelled by its id: its sandbox ends, the pusher hears by whom', async (t) => {
  const world = await openWorld(t)
  world.controller.addApp('hello', world.alice)
  const killed = hang(world)
  const pushed = (await Repo.make(world)).push('hello', 'main')
  await until(() => world.sandboxes.length === 1)
  const id = world.controller.builds[0]?.id ?? ''
  t.equal(await world.cancel(id, 'bob@example.com'), 'cancelled')
  await killed
  t.match(world.controller.builds[0]?.result, { status: 'cancelled' })
  const { code, text } = await pushed
  t.not(code, 0)
  t.match(text, 'remote: error: the build was cancelled by bob@example.com')
  t.equal(await world.cancel(id, 'bob@example.com'), 'unknown', 'it is over')
})

t.test('a build that waits for its turn can be cancelled as well', async (t) => {
  const world = await openWorld(t)
  const { first, second, go } = await pushTwo(world)
  t.equal(await world.cancel(world.controller.builds[1]?.id ?? '', 'alice'), 'cancelled')
  t.match((await second).text, 'the build was cancelled by alice')
  go()
  t.equal((await first).code, 0)
})

t.test('an app that is destroyed while it is built ends the push with a sentence', async (t) => {
  const world = await openWorld(t)
  world.controller.addApp('hello', world.alice)
  world.sandbox = builds(async () => void world.controller.builds.splice(0))
  const { code, text } = await (await Repo.make(world)).push('hello', 'main')
  t.not(code, 0)
  t.match(text, 'remote: error: the build was ended from elsewhere')
})

t.test('output over the limit is left out, once said', async (t) => {
  const world = await openWorld(t, { SLIPWAY_BUILD_OUTPUT: '10K' })
  world.controller.addApp('hello', world.alice)
  world.sandbox = async (spec, onOutput, signal) => {
    for (let n = 0; n < 50; n += 1) onOutput(Buffer.from(`${'flood '.repeat(200)}\n`))
    return builds()(spec, onOutput, signal)
  }
  const { code, text } = await (await Repo.make(world)).push('hello', 'main')
  t.equal(code, 0, text)
  t.equal(text.split('(more than 10.2 kB of output').length, 2)
  t.ok((world.controller.builds[0]?.output ?? '').length < 12_000)
})
