import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Fleet, Instance } from '#driver/driver.ts'
import type { Log } from '#lib/log.ts'
import { Collector } from './collector.ts'
import { LogFile } from './file.ts'
import type { Filter } from './line.ts'
import { readTogether } from './reading.ts'
import type { Reading } from './reading.ts'

export interface LogsDeps {
  /** `<state>/controller/logs` */
  readonly folder: string
  readonly fleet: Fleet
  readonly log: Log
}

/** One request, as the router tells it. */
interface RequestLine {
  readonly atMs: number
  readonly text: string
}

/** What apps write and what we do with them, by environment, on the disk. */
export interface Logs {
  /** Follows the copies of a list that are not followed yet; call it with whatever is seen. */
  follow(instances: readonly Instance[]): void
  /** Resolves when all a copy that ended has written is taken, or after 2 s. */
  finish(copy: string, signal: AbortSignal): Promise<void>
  /** Resolves when all that is taken is kept, even if this program is killed next. */
  commit(environmentId: string): Promise<void>
  /** `slipway[<from>]: text` */
  event(environmentId: string, from: string, text: string): void
  /** `slipway[router]: text`, in the order of their times; resolves when there is room for more. */
  requests(environmentId: string, lines: readonly RequestLine[]): Promise<void>
  read(environmentId: string, count: number, filter: Filter): Promise<Reading>
  /** Environments there are logs of. */
  environments(): Promise<string[]>
  forget(environmentId: string): Promise<void>
  close(): Promise<void>
}

/** Who speaks of requests, and the folder these lines are in. */
const router = 'router'
const fileOptions = { rotateBytes: 5_000_000, commitMs: 1000 }

export function openLogs({ folder, fleet, log }: LogsDeps): Logs {
  const files = new Map<string, LogFile>()
  const onError = (error: unknown): void => log.error('logs.disk_failed', error)
  const fileAt = (path: string): LogFile => {
    const file = files.get(path) ?? new LogFile(join(folder, path), { ...fileOptions, onError })
    files.set(path, file)
    return file
  }
  const fileOf = (id: string): LogFile => fileAt(id)
  // Apart, so that many requests do not push what the app wrote out of its log.
  const requestsOf = (id: string): LogFile => fileAt(join(id, router))
  const collector = new Collector({ fleet, log, fileOf })
  return {
    follow: (instances) => collector.follow(instances),
    finish: (copy, signal) => collector.finish(copy, signal),
    commit: (id) => fileOf(id).commit().catch(onError),
    event: (id, from, text) => {
      void fileOf(id).append({ atMs: Date.now(), source: 'slipway', from, text })
    },
    requests: (id, lines) =>
      requestsOf(id).appendAll(
        lines.map(({ atMs, text }) => ({ atMs, source: 'slipway', from: router, text })),
      ),
    read: (id, count, filter) => {
      const all = hasRequests(filter) ? [fileOf(id), requestsOf(id)] : [fileOf(id)]
      return readTogether(all, count, filter)
    },
    environments: () => readdir(folder).catch(() => []),
    forget: async (id) => {
      const own = [requestsOf(id), fileOf(id)]
      for (const path of [id, join(id, router)]) files.delete(path)
      for (const file of own) await file.remove()
    },
    close: async () => {
      await collector.close()
      await Promise.all([...files.values()].map((file) => file.close()))
    },
  }
}

function hasRequests({ dyno = router, source = 'slipway' }: Filter): boolean {
  return dyno === router && source === 'slipway'
}
