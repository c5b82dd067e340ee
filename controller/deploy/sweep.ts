import { allEnvironments } from '#controller/store/environments.ts'
import type { Instance } from '#driver/driver.ts'
import { oneOffType, webType } from './copy.ts'
import type { Hands } from './hands.ts'
import { within } from './within.ts'

const listMs = 15_000
const networkMs = 30_000

/**
 * Removes what belongs to environments that are gone: copies and one-offs first, then the network,
 * and last the logs, whose folder is how a later pass knows that there is something left to do.
 */
export async function sweep(
  hands: Pick<Hands, 'deps' | 'keeper'>,
  signal: AbortSignal,
): Promise<void> {
  const { fleet, store, logs } = hands.deps
  const instances = await fleet.list({}, within(signal, listMs))
  // Read after the list: what an environment made since must not look like a stray.
  const known = new Set((await allEnvironments(store)).map((row) => row.id))
  const strays = instances.filter(({ owner }) => !known.has(owner.environmentId))
  await Promise.all(strays.map((copy) => stop(hands, copy, signal)))
  const left = [...(await logs.environments()), ...strays.map(({ owner }) => owner.environmentId)]
  for (const id of new Set(left)) {
    if (!known.has(id)) await forget(hands, id, signal)
  }
}

async function forget({ deps }: Pick<Hands, 'deps'>, id: string, signal: AbortSignal) {
  try {
    await deps.fleet.removeNetwork(id, within(signal, networkMs))
    await deps.logs.forget(id)
    deps.log.info('environment.removed', { environment: id })
  } catch (error) {
    deps.log.error('environment.not_removed', error, { environment: id })
  }
}

/** The router has dropped its routes already, or is down: only requests in flight are waited for. */
async function stop(
  { deps, keeper }: Pick<Hands, 'deps' | 'keeper'>,
  { name, type, state }: Instance,
  signal: AbortSignal,
): Promise<void> {
  const { drainMs, graceMs } = deps.settings
  const isServing = type === webType && state === 'running'
  if (isServing) await keeper.drain([name], drainMs, signal).catch(() => undefined)
  const isPatient = type !== oneOffType && state === 'running'
  await deps.fleet.stop(name, isPatient ? graceMs : 0, within(signal, graceMs + listMs))
}
