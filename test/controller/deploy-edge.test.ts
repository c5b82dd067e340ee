import t from 'tap'
import { readConfig } from '#controller/config.ts'
import { addHost, removeHost } from '#controller/domain/domains.ts'
import { changeEdge } from '#controller/domain/edge.ts'
import { dropRoute, placeRoute } from '#controller/domain/routes.ts'
import { environmentById } from '#controller/store/environments.ts'
import { openWorld, type World } from './deploy-world.ts'

/** What people may change at once, on the world's app. */
async function desk(world: World) {
  const environment = await environmentById(world.store, world.environmentId)
  const app = await world.store.selectFrom('apps').selectAll().executeTakeFirstOrThrow()
  if (environment === undefined) throw new TypeError('the world has an environment')
  const user = { id: app.owner_id, email: 'ada@example.com', admin: false }
  const deps = { db: world.store, now: () => new Date(), config: readConfig({}) }
  return { deps, place: { app, environment, user } }
}

/** Kicks, and tells how long it takes until the router knows. */
async function published(world: World, isThere: () => boolean): Promise<number> {
  const started = performance.now()
  world.deploys.kick(world.environmentId)
  await world.until(isThere)
  return performance.now() - started
}

t.test(
  'domains, routes and settings reach the router within a second, without a deploy',
  async (t) => {
    const world = await openWorld(t)
    await world.reaches(await world.release({ web: 'node server.js' }), 'succeeded')
    const { deps, place } = await desk(world)
    const { router } = world
    const running = await world.running()
    const copies = router.copies()
    const rule = (host: string, path?: string) =>
      router.table.rules.find((one) => one.host === host && one.path === path)
    const settings = () => router.table.sites[0]?.settings

    const row = await addHost(deps, place, '*.example.org')
    t.ok((await published(world, () => rule(row.host) !== undefined)) < 1000)
    t.same(router.copies('any.example.org'), copies)

    const target = { host: row.host, path: '/old', redirect: { to: 'https://example.com' } }
    const route = await placeRoute(deps, place, target)
    t.ok((await published(world, () => rule(row.host, '/old') !== undefined)) < 1000)

    await changeEdge(deps, place, { maintenance: true, auth: { ada: 'correct horse' } })
    t.ok((await published(world, () => settings()?.maintenance === true)) < 1000)
    t.match(settings()?.auth, [{ user: 'ada', hash: /^scrypt\$/ }])

    await changeEdge(deps, place, { maintenance: false, auth: { ada: null } })
    t.ok((await published(world, () => settings() === undefined)) < 1000)
    await dropRoute(deps, place, route.id)
    t.ok((await published(world, () => rule(row.host, '/old') === undefined)) < 1000)
    await removeHost(deps, place, row.host, false)
    t.ok((await published(world, () => rule(row.host) === undefined)) < 1000)

    t.same(router.copies(), copies)
    t.same(await world.running(), running, 'nothing was started or stopped')
  },
)
