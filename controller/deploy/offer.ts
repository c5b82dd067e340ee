import type { Instance } from '#driver/driver.ts'
import type { Hands } from './hands.ts'
import type { Wish } from './place.ts'
import type { Plan } from './plan.ts'
import { offerOf } from './route-table.ts'
import { troubleIn } from './trouble.ts'

/** Finds out what the router has, if it answers. */
export async function learnRoutes(
  { deps, keeper, memory }: Hands,
  signal: AbortSignal,
): Promise<void> {
  try {
    await keeper.learn(signal)
  } catch (error) {
    signal.throwIfAborted()
    memory.trouble = troubleIn(error)
    deps.log.warn('router.unreachable', { reason: memory.trouble })
  }
}

/** A router that is down holds up the switch of a deployment, and nothing else. */
export async function putRoutes(
  { deps, keeper, memory }: Hands,
  { place }: Wish,
  made: Plan,
  instances: readonly Instance[],
  signal: AbortSignal,
): Promise<boolean> {
  const copies = instances.filter((one) => made.routes.includes(one.name))
  const { environment, rules, settings } = place
  const offering = { app: place.app.name, environment, rules, settings }
  try {
    await keeper.put(place.key, offerOf(offering, copies), signal)
    memory.trouble = null
    return true
  } catch (error) {
    signal.throwIfAborted()
    memory.trouble = troubleIn(error)
    deps.log.warn('router.unreachable', { reason: memory.trouble })
    return false
  }
}
