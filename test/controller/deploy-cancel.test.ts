import t from 'tap'
import { enterState } from '#controller/store/deployments.ts'
import { idles, serves } from '#driver/memory/memory.ts'
import { openWorld } from './deploy-world.ts'

t.test(
  'a deployment that is cancelled leaves nothing behind, and what served goes on',
  async (t) => {
    // The second release never answers, so it is still starting when somebody cancels it.
    const world = await openWorld(t, {
      program: ({ release }) => (release === 1 ? serves() : idles),
    })
    await world.reaches(await world.release({ web: 'node server.js' }), 'succeeded')
    const id = await world.release({ web: 'node server.js' })
    await world.reaches(id, 'starting')
    const entry = {
      state: 'cancelled',
      stageMs: 0,
      failure: 'cancelled by ada@example.com',
    } as const
    t.equal(await enterState(world.store, id, entry), true)
    world.deploys.kick()
    await world.reaches(id, 'cancelled')
    const isOne = async (): Promise<boolean> => (await world.running()).length === 1
    for (let tries = 0; tries < 100 && !(await isOne()); tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    t.same(await world.running(), ['web.1 v1 running'])
    t.equal(await enterState(world.store, id, { state: 'routing', stageMs: 1000 }), false)
  },
)
