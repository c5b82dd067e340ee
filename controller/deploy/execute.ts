import type { Copy } from './copy.ts'
import { enter, fail } from './enter.ts'
import type { Hands } from './hands.ts'
import type { Wish } from './place.ts'
import { specOf } from './spec.ts'
import type { Step } from './step.ts'
import { within } from './within.ts'

const startMs = 60_000
const removeMs = 30_000

/**
 * Carries out steps, states first, and copies side by side. All of them are tried; the first error
 * is thrown afterwards.
 */
export async function execute(
  hands: Hands,
  wish: Wish,
  steps: readonly Step[],
  signal: AbortSignal,
): Promise<void> {
  const errors: unknown[] = []
  for (const kinds of [['enter', 'fail'], ['retire', 'remove'], ['start']]) {
    signal.throwIfAborted()
    const some = steps.filter((step) => kinds.includes(step.do))
    const ends = await Promise.allSettled(some.map((step) => carryOut(hands, wish, step, signal)))
    errors.push(
      ...ends.filter((end) => end.status === 'rejected').map((end): unknown => end.reason),
    )
  }
  if (errors.length > 0) throw errors[0]
}

async function carryOut(hands: Hands, wish: Wish, step: Step, signal: AbortSignal): Promise<void> {
  switch (step.do) {
    case 'start':
      return start(hands, wish, step.copy, signal)
    case 'remove':
      return remove(hands, step.name, signal)
    case 'retire':
      return hands.memory.retire(step.name, () => retire(hands, step))
    case 'enter':
      return enter(hands, wish, step)
    case 'fail':
      return fail(hands, wish, step, signal)
  }
}

async function start(hands: Hands, wish: Wish, copy: Copy, signal: AbortSignal): Promise<void> {
  const { deps, memory } = hands
  const deployed = wish.deployed.find((row) => row.id === copy.deploymentId)
  if (deployed === undefined) return
  try {
    const spec = await specOf(deps, wish.place, deployed, copy)
    await deps.fleet.start(spec, within(signal, startMs))
    deps.log.info('copy.started', { copy: copy.name, release: copy.release })
  } catch (error) {
    // What serves must not hold up what comes next: it waits as after a crash.
    if (wish.wanted.serving?.id !== copy.deploymentId) throw error
    memory.failToStart(copy.name)
    deps.log.error('copy.not_started', error, { copy: copy.name })
  }
}

/** Its last lines are in the log before it is gone. */
async function remove({ deps }: Hands, name: string, signal: AbortSignal): Promise<void> {
  await deps.logs.finish(name, signal)
  await deps.fleet.stop(name, 0, within(signal, removeMs))
}

type Retiring = Extract<Step, { do: 'retire' }>

/** A router that is down has no requests to wait for. */
async function retire(hands: Hands, { name, drain }: Retiring): Promise<void> {
  const { deps, keeper, closing } = hands
  const { drainMs, graceMs } = deps.settings
  try {
    if (drain) await keeper.drain([name], drainMs, closing)
  } catch (error) {
    deps.log.warn('copy.drain_failed', { copy: name, reason: String(error) })
  }
  closing.throwIfAborted()
  try {
    await deps.fleet.stop(name, graceMs, within(closing, graceMs + removeMs))
    deps.log.info('copy.stopped', { copy: name })
  } catch (error) {
    if (!closing.aborted) deps.log.error('copy.not_stopped', error, { copy: name })
    throw error
  }
}
