import { SlipwayError } from '#contract/error.ts'
import type { Log } from '#lib/log.ts'
import type { Call, Order } from '#router/admin/calls.ts'
import { isGone } from './sibling.ts'
import type { Asked } from './sibling.ts'

export interface SpreadDeps {
  /** Those there are at the time of a call. */
  readonly siblings: () => readonly Asked[]
  /** Whether a call concerns them; all do unless told. */
  readonly isFor?: (call: Call) => boolean
  readonly log: Log
}

/**
 * The same calls, answered by this process and its siblings together: each that can be merged is
 * handed to all of them, and is answered when all have. A sibling that dies meanwhile is left out.
 */
export function spread(
  calls: readonly Call[],
  { siblings, isFor = () => true, log }: SpreadDeps,
): readonly Call[] {
  return calls.map((call) => {
    const { merge } = call
    if (merge === undefined || !isFor(call)) return call
    const answer: Call['answer'] = async (body, signal) => {
      const mine = (): Promise<unknown> => call.answer(body, signal)
      const theirs = (): Promise<unknown[]> =>
        Promise.all(siblings().map((sibling) => ask(sibling, call, body, signal)))
      const [own, answers] = await inOrder(call.order, mine, theirs)
      return answers.filter((one) => one !== undefined).reduce(merge, own)
    }
    return { ...call, answer }
  })

  async function ask(
    sibling: Asked,
    { endpoint }: Call,
    body: unknown,
    signal: AbortSignal,
  ): Promise<unknown> {
    try {
      return await sibling.ask(endpoint, body, signal)
    } catch (error) {
      if (!isGone(error)) log.warn('sibling.failed', { path: endpoint.path, reason: String(error) })
      if (error instanceof SlipwayError && error.status === 409) await catchUp(sibling)
      return undefined
    }
  }

  /** What one refuses it lacks the ground for (a change to a table it never had): it is told all. */
  async function catchUp(sibling: Asked): Promise<void> {
    await tellAll(sibling, calls).catch((error: unknown) => log.error('sibling.behind', error))
  }
}

async function inOrder<A, B>(
  order: Order = 'ours first',
  mine: () => Promise<A>,
  theirs: () => Promise<B>,
): Promise<readonly [A, B]> {
  if (order === 'together') return await Promise.all([mine(), theirs()])
  if (order === 'ours first') return [await mine(), await theirs()]
  const answers = await theirs()
  return [await mine(), answers]
}

/** Makes a process know what this one knows. Throws as `ask` does. */
export async function tellAll(sibling: Asked, calls: readonly Call[]): Promise<void> {
  for (const { endpoint, present } of calls) {
    for (const body of present?.() ?? []) await sibling.ask(endpoint, body)
  }
}
