import type { Instance } from '#driver/driver.ts'
import { lateness } from './advance.ts'
import { caresOf } from './care.ts'
import { fail } from './enter.ts'
import { execute } from './execute.ts'
import type { Hands } from './hands.ts'
import { readWish } from './place.ts'
import type { Wish } from './place.ts'
import { plan } from './plan.ts'
import type { Plan } from './plan.ts'
import { learnRoutes, putRoutes } from './offer.ts'
import { troubleIn } from './trouble.ts'
import { within } from './within.ts'

/** A pass that is still not at rest after so many turns goes on when it is kicked next. */
const turnsLimit = 50
const listMs = 15_000
/**
 * When to look again while somebody waits for a deployment, or the router did not do what it should:
 * what the engine tells of its copies may come late.
 */
const retryMs = 1000

/**
 * Brings one environment to rest: looks, plans, acts, and looks again until nothing is left to do.
 * Answers when to look again though nothing was heard. Throws what the engine or the store threw;
 * routes and copies are then as they were.
 */
export async function reconcile(
  hands: Hands,
  environmentId: string,
  signal: AbortSignal,
): Promise<number | null> {
  const { store, settings } = hands.deps
  for (let turn = 0; turn < turnsLimit; turn += 1) {
    const wish = await readWish(store, settings.instance, environmentId)
    signal.throwIfAborted()
    if (wish === null) return null
    const { isAtRest, wakeAtMs } = await takeTurn(hands, wish, signal)
    if (isAtRest) return wakeAtMs
  }
  return Date.now() + retryMs
}

async function takeTurn(
  hands: Hands,
  wish: Wish,
  signal: AbortSignal,
): Promise<{ isAtRest: boolean; wakeAtMs: number | null }> {
  const { deps, keeper, memory } = hands
  const { key } = wish.place
  await learnRoutes(hands, signal)
  const instances = await look(hands, wish, signal)
  const before = keeper.routed(key)
  memory.notice(instances, before, caresOf(deps, wish))
  const seen = memory.see(instances, before, deps.settings)
  const made = plan(wish.wanted, seen, Date.now())
  // A fresh controller takes nothing away: what the router has must have been seen before.
  const isPut = before !== null && (await putRoutes(hands, wish, made, instances, signal))
  await act(hands, wish, made, signal)
  const after = keeper.routed(key)
  const isAtRest = made.steps.length === 0 && names(before) === names(after)
  const mayWait = isPut && wish.wanted.open === null
  return { isAtRest, wakeAtMs: mayWait ? made.wakeAtMs : soon(made.wakeAtMs) }
}

async function look(hands: Hands, wish: Wish, signal: AbortSignal): Promise<Instance[]> {
  const { fleet, logs } = hands.deps
  const { environmentId } = wish.place
  try {
    const instances = await fleet.list({ environmentId }, within(signal, listMs))
    logs.follow(instances)
    followTask(hands, wish, instances)
    return instances
  } catch (error) {
    await failWhenLate(hands, wish, error, signal)
    throw error
  }
}

/** Without the engine nothing can be planned, but a deployment still ends at its deadline. */
async function failWhenLate(
  hands: Hands,
  wish: Wish,
  error: unknown,
  signal: AbortSignal,
): Promise<void> {
  const { open } = wish.wanted
  hands.memory.trouble = troubleIn(error)
  if (open === null) return
  const cause = lateness(open, { byName: new Map(), trouble: hands.memory.trouble }, Date.now())
  if (cause !== null) await fail(hands, wish, { do: 'fail', id: open.id, cause }, signal)
}

async function act(hands: Hands, wish: Wish, made: Plan, signal: AbortSignal): Promise<void> {
  try {
    await execute(hands, wish, made.steps, signal)
  } catch (error) {
    hands.memory.trouble = troubleIn(error)
    throw error
  }
}

function followTask(
  { taskOutput, closing }: Hands,
  wish: Wish,
  instances: readonly Instance[],
): void {
  const { open } = wish.wanted
  const name = open?.state === 'releasing' ? open.task?.name : undefined
  const isThere = instances.some((one) => one.name === name && one.state !== 'created')
  if (open !== null && name !== undefined && isThere) taskOutput.follow(open.id, name, closing)
}

function soon(wakeAtMs: number | null): number {
  return Math.min(wakeAtMs ?? Infinity, Date.now() + retryMs)
}

function names(routed: readonly { readonly id: string }[] | null): string | null {
  return routed === null ? null : routed.map(({ id }) => id).toString()
}
