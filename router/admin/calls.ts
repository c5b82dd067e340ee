import type { Endpoint, ReplyOf } from '#contract/endpoint.ts'
import { awaitIdle, changeTable, getTable, getTableNumber, putTable, why } from '#contract/route.ts'
import type { WhyCertificate } from '#contract/route.ts'
import type { Log } from '#lib/log.ts'
import type { TableFile } from '#router/table/disk.ts'
import { parseBody, parseChange, parseTable } from '#router/table/parse.ts'
import type { Routes } from '#router/table/routes.ts'
import { explain } from '#router/why/explain.ts'
import { mergeWhy } from '#router/why/merge.ts'

/** One endpoint and what answers it. `body` is parsed JSON, yet unchecked; null where there is none. */
export interface Call {
  readonly endpoint: Endpoint
  readonly answer: (body: unknown, signal: AbortSignal) => Promise<unknown>
  /**
   * Makes one of the answers of two processes, ours first. A call that has this is answered by all
   * processes of the router together (workers, and a predecessor that drains), any other by one.
   */
  readonly merge?: (ours: unknown, theirs: unknown) => unknown
  /** Of no use to a process that takes no more connections. */
  readonly isForServing?: boolean
  /** In which order processes answer together; ours first unless told. */
  readonly order?: Order
  /** The bodies by which another process comes to know what this one does. */
  readonly present?: () => readonly unknown[]
  /** What it tells is on the disk, where the next router finds it. */
  readonly isKept?: boolean
}

/**
 * - `ours first`: it changes something, and the others may need what we have kept
 * - `together`: it waits for something
 * - `theirs first`: what they no longer have may have come to us meanwhile
 */
export type Order = 'ours first' | 'together' | 'theirs first'

/** For what is told to all processes and answered alike by each. */
export const ours = (first: unknown): unknown => first

export interface CallDeps {
  readonly routes: Routes
  readonly file: Pick<TableFile, 'replace' | 'append'>
  readonly log: Log
  /** The certificate a name is served with; undefined: none. */
  readonly certificate?: (serverName: string) => WhyCertificate | undefined
}

/** What the controller may ask of the router. */
export function adminCalls(deps: CallDeps): readonly Call[] {
  const { routes, file } = deps
  return [
    {
      endpoint: putTable,
      answer: async (body) => {
        if (routes.replace(parseTable(body))) await keep(deps, () => file.replace(routes))
        return { number: routes.number }
      },
      merge: ours,
      present: () => [routes.table],
      isKept: true,
    },
    {
      endpoint: changeTable,
      answer: async (body) => {
        const change = parseChange(body, routes)
        if (routes.change(change)) await keep(deps, () => file.append(change, routes))
        return { number: change.number }
      },
      merge: ours,
    },
    { endpoint: getTable, answer: () => Promise.resolve(routes.table) },
    { endpoint: getTableNumber, answer: () => Promise.resolve({ number: routes.number }) },
    {
      endpoint: awaitIdle,
      answer: async (body, signal) => {
        const { instances, wait_ms, close, tunnels } = parseBody(awaitIdle, body)
        if (close === true) routes.closeTunnels(instances)
        return { busy: await routes.awaitIdle(instances, { waitMs: wait_ms, tunnels }, signal) }
      },
      merge: eitherBusy,
      order: 'together',
    },
    {
      endpoint: why,
      answer: (body) => Promise.resolve(explain(parseBody(why, body), deps)),
      merge: mergeWhy,
    },
  ]
}

/** A full disk must not stop traffic from being switched: the table is in force already. */
async function keep({ routes, log }: CallDeps, write: () => Promise<void>): Promise<void> {
  const { number, siteCount: sites } = routes
  log.info('table.changed', { number, sites })
  try {
    await write()
  } catch (error) {
    log.error('table.not_kept', error, { number })
  }
}

function eitherBusy(a: unknown, b: unknown): ReplyOf<typeof awaitIdle> {
  const [one, other] = [a, b] as ReplyOf<typeof awaitIdle>[]
  return { busy: [...new Set([...(one?.busy ?? []), ...(other?.busy ?? [])])] }
}
