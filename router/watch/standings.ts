import type { Routes } from '#router/table/routes.ts'
import type { Standing } from './metrics.ts'

/** How the apps of a table stand. There may be very many: each costs little. */
export function* standingsOf(routes: Pick<Routes, 'sites'>): Generator<Standing> {
  for (const { key, inFlight, waitingCount: waiting, instances } of routes.sites()) {
    let tunnels = 0
    let ejected = 0
    for (const instance of instances) {
      tunnels += instance.tunnelCount
      if (instance.isEjected) ejected += 1
    }
    yield { key, inFlight, waiting, tunnels, instances: instances.length, ejected }
  }
}
