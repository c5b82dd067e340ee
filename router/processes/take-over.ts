import type { ReplyOf } from '#contract/endpoint.ts'
import { getTable } from '#contract/route.ts'
import { SettingError } from '#lib/settings.ts'
import { parseTable } from '#router/table/parse.ts'
import type { Routes } from '#router/table/routes.ts'
import type { Draining } from './draining.ts'
import { stepAside } from './endpoints.ts'
import type { Known } from './known.ts'
import { Sibling } from './sibling.ts'

const answerMs = 10_000

export interface TakeOverDeps {
  /** Base URL of the router in service. */
  readonly url: string
  readonly token: string
  readonly draining: Draining
  /** With the table as it was on disk; afterwards with the one in force. */
  readonly routes: Routes
}

type Told = ReplyOf<typeof stepAside>
type Reply = Pick<Told, 'pid' | 'number'> & Partial<Told>

/** What the one that steps aside leaves to us. */
export interface Left {
  readonly known: readonly Known[]
  /** Pids of processes that drain, itself first, and will tell what they have counted. */
  readonly draining: readonly number[]
}

/**
 * Has the router in service step aside; from here on nobody takes connections until we do, and they
 * wait. Throws SettingError: when it refuses, it stays in service; when only its table cannot be had
 * afterwards, it has left, and whoever started us must start another one.
 */
export async function takeOver(deps: TakeOverDeps): Promise<Left> {
  const { url, token, draining, routes } = deps
  const signal = AbortSignal.timeout(answerMs)
  try {
    const old = await new Sibling({ url }, token).ask(stepAside, null, signal)
    // One from before these were told tells neither.
    const { pid, number, known = [], draining: others = [] } = old as Reply
    // Its memory is ahead of its disk when the disk is full.
    if (number !== routes.number) {
      routes.replace(parseTable(await draining.sibling(pid).ask(getTable, null, signal)))
    }
    return { known, draining: [pid, ...others] }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new SettingError(`The router in service does not step aside. ${reason}`, { cause })
  }
}
