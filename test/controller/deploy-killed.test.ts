import t from 'tap'
import type { CopySpec, Fleet } from '#driver/driver.ts'
import { exits, serves } from '#driver/memory/memory.ts'
import { openWorld } from './deploy-world.ts'

/**
 * A fleet whose calls, from number `at` on, never come back until they are aborted, having done what
 * they were asked (`after`) or not: to the controller that is what being killed there is.
 */
function killedAt(
  fleet: Fleet,
  at: number,
  when: 'before' | 'after',
): Fleet & { isKilled: boolean } {
  let calls = 0
  const state = { isKilled: false }
  const wrap =
    <A extends unknown[], R>(call: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      calls += 1
      if (calls < at) return call(...args)
      const isFirst = !state.isKilled
      state.isKilled = true
      if (isFirst && when === 'after') await call(...args)
      return new Promise((_, reject) => {
        const signal = args.at(-1) as AbortSignal
        if (signal.aborted) reject(signal.reason as Error)
        signal.addEventListener('abort', () => reject(signal.reason as Error))
      })
    }
  return {
    start: wrap((spec, signal) => fleet.start(spec, signal)),
    stop: wrap((name, graceMs, signal) => fleet.stop(name, graceMs, signal)),
    makeReady: (...args) => fleet.makeReady(...args),
    list: (filter, signal) => fleet.list(filter, signal),
    attach: (...args) => fleet.attach(...args),
    exec: (...args) => fleet.exec(...args),
    wait: (...args) => fleet.wait(...args),
    output: (...args) => fleet.output(...args),
    watch: (...args) => fleet.watch(...args),
    removeNetwork: (...args) => fleet.removeNetwork(...args),
    foreignSubnets: (...args) => fleet.foreignSubnets(...args),
    get isKilled() {
      return state.isKilled
    },
  }
}

const types = { web: 'node server.js', release: 'npm run migrate' }
const program = ({ type }: CopySpec) => (type === 'release' ? exits(0) : serves())

for (const when of ['before', 'after'] as const) {
  for (let at = 1; at <= 6; at += 1) {
    t.test(`killed ${when} call ${at} of the engine, the next controller finishes`, async (t) => {
      const world = await openWorld(t, { program })
      await world.reaches(await world.release({ web: 'node server.js' }), 'succeeded')
      await world.scale('web', 2)
      await world.until(() => world.router.copies().length === 2)
      const fleet = killedAt(world.fleet, at, when)
      await world.restart({ fleet })
      const id = await world.release(types)
      // One for the task, two to start, one to remove the task, two to stop.
      await world.until(() => fleet.isKilled)
      const old = world.router.copies()
      t.equal(old.length, 2, 'two copies are routed')
      const running = (await world.fleet.list({}, AbortSignal.timeout(1000))).filter(
        (one) => one.state === 'running',
      )
      for (const name of old)
        t.ok(
          running.some((one) => one.name === name),
          'and running',
        )
      await world.restart()
      await world.reaches(id, 'succeeded')
      t.same(await world.running(), ['web.1 v2 running', 'web.2 v2 running'])
      t.equal(world.router.copies().length, 2)
    })
  }
}
