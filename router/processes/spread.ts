import { SlipwayError } from '#contract/error.ts'
import type { Log } from '#lib/log.ts'
import type { Call } from '#router/admin/calls.ts'
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
      const theirs = (): Promise<unknown>[] =>
        siblings().map((sibling) => ask(sibling, call, body, signal))
      const mine = call.answer(body, signal)
      // What changes something is told to others when it holds here: they may need what we have kept.
      const others = call.isWait === true ? theirs() : await mine.then(theirs)
      const [own, ...answers] = await Promise.all([mine, ...others])
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

/** Makes a process know what this one knows. Throws as `ask` does. */
export async function tellAll(sibling: Asked, calls: readonly Call[]): Promise<void> {
  for (const { endpoint, present } of calls) {
    const body = present?.() ?? null
    if (body !== null) await sibling.ask(endpoint, body)
  }
}
