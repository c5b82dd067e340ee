import { getTable } from '#contract/route.ts'
import { SettingError } from '#lib/settings.ts'
import { parseTable } from '#router/table/parse.ts'
import type { Routes } from '#router/table/routes.ts'
import type { Draining } from './draining.ts'
import { stepAside } from './endpoints.ts'
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

/**
 * Has the router in service step aside. Throws SettingError when it does not: then it stays in
 * service. From here on nobody takes connections until we do; they wait.
 */
export async function takeOver({ url, token, draining, routes }: TakeOverDeps): Promise<void> {
  const signal = AbortSignal.timeout(answerMs)
  try {
    const old = await new Sibling({ url }, token).ask(stepAside, null, signal)
    const { pid, number } = old as { pid: number; number: number }
    if (number === routes.number) return
    // Its memory is ahead of its disk when the disk is full.
    routes.replace(parseTable(await draining.sibling(pid).ask(getTable, null, signal)))
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new SettingError(`The router in service does not step aside. ${reason}`, { cause })
  }
}
