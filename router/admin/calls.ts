import type { Endpoint } from '#contract/endpoint.ts'
import { awaitIdle, getTable, putTable } from '#contract/route.ts'
import type { Log } from '#lib/log.ts'
import type { TableFile } from '#router/table/disk.ts'
import { parseBody, parseTable } from '#router/table/parse.ts'
import type { Routes } from '#router/table/routes.ts'

/** One endpoint and what answers it. `body` is parsed JSON, yet unchecked; null where there is none. */
export interface Call {
  readonly endpoint: Endpoint
  readonly answer: (body: unknown, signal: AbortSignal) => Promise<unknown>
}

export interface CallDeps {
  readonly routes: Routes
  readonly file: TableFile
  readonly log: Log
}

/** What the controller may ask of the router. */
export function adminCalls({ routes, file, log }: CallDeps): readonly Call[] {
  return [
    {
      endpoint: putTable,
      answer: async (body) => {
        const table = parseTable(body)
        if (routes.replace(table)) await keep(table.number)
        return { number: routes.table.number }
      },
    },
    { endpoint: getTable, answer: () => Promise.resolve(routes.table) },
    {
      endpoint: awaitIdle,
      answer: async (body, signal) => {
        const { instances, wait_ms, close } = parseBody(awaitIdle, body)
        if (close === true) routes.closeTunnels(instances)
        return { busy: await routes.awaitIdle(instances, wait_ms, signal) }
      },
    },
  ]

  /** A full disk must not stop traffic from being switched: the table is in force already. */
  async function keep(number: number): Promise<void> {
    log.info('table.replaced', { number, routes: routes.table.routes.length })
    try {
      await file.write(routes.table)
    } catch (error) {
      log.error('table.not_kept', error, { number })
    }
  }
}
