import { MemoryFleet } from './fleet.ts'
import type { FleetOptions } from './fleet.ts'
import { MemoryWorkshop } from './workshop.ts'
import type { WorkshopOptions } from './workshop.ts'

export { exits, idles, ignoresSignals, serves } from './program.ts'
export type { Program } from './program.ts'

/**
 * A fleet and a workshop inside this process, for tests.
 *
 * `program` says what a copy does (`serves()`, `exits(1)`, `idles`, or a function of your own),
 * `beforeStart` makes starting slow or fail, `fleet.exit` ends a copy from outside, and
 * `fleet.setReachable(false)` takes the engine away.
 */
export function openMemory(options: FleetOptions & WorkshopOptions = {}): {
  fleet: MemoryFleet
  workshop: MemoryWorkshop
} {
  return { fleet: new MemoryFleet(options), workshop: new MemoryWorkshop(options) }
}
