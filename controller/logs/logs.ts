import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Fleet, Instance } from '#driver/driver.ts'
import type { Log } from '#lib/log.ts'
import { Collector } from './collector.ts'
import { LogFile } from './file.ts'
import { isWanted } from './line.ts'
import type { Filter } from './line.ts'

export interface LogsDeps {
  /** `<state>/controller/logs` */
  readonly folder: string
  readonly fleet: Fleet
  readonly log: Log
}

/** Past lines first, then, if it follows, each new one; ends when the signal is aborted. */
interface Reading {
  readonly past: readonly string[]
  /** Calls back for every line after `past`; until stopped. */
  follow(onLine: (line: string) => void): void
  stop(): void
}

/** What apps write and what we do with them, by environment, on the disk. */
export interface Logs {
  /** Follows the copies of a list that are not followed yet; call it with whatever is seen. */
  follow(instances: readonly Instance[]): void
  /** Resolves when all a copy that ended has written is taken, or after 2 s. */
  finish(copy: string, signal: AbortSignal): Promise<void>
  /** `slipway[<from>]: text` */
  event(environmentId: string, from: string, text: string): void
  read(environmentId: string, count: number, filter: Filter): Promise<Reading>
  /** Environments there are logs of. */
  environments(): Promise<string[]>
  forget(environmentId: string): Promise<void>
  close(): Promise<void>
}

const fileOptions = { rotateBytes: 5_000_000, commitMs: 1000 }

export function openLogs({ folder, fleet, log }: LogsDeps): Logs {
  const files = new Map<string, LogFile>()
  const onError = (error: unknown): void => log.error('logs.disk_failed', error)
  const fileOf = (id: string): LogFile => {
    const file = files.get(id) ?? new LogFile(join(folder, id), { ...fileOptions, onError })
    files.set(id, file)
    return file
  }
  const collector = new Collector({ fleet, log, fileOf })
  return {
    follow: (instances) => collector.follow(instances),
    finish: (copy, signal) => collector.finish(copy, signal),
    event: (id, from, text) => {
      void fileOf(id).append({ atMs: Date.now(), source: 'slipway', from, text })
    },
    read: (id, count, filter) => openReading(fileOf(id), count, filter),
    environments: () => readdir(folder).catch(() => []),
    forget: async (id) => {
      const file = fileOf(id)
      files.delete(id)
      await file.remove()
    },
    close: async () => {
      await collector.close()
      await Promise.all([...files.values()].map((file) => file.close()))
    },
  }
}

/** Subscribes before it reads, so that no line falls between past and present. */
async function openReading(file: LogFile, count: number, filter: Filter): Promise<Reading> {
  let waiting: { line: string; number: number }[] | null = []
  let onLine: (line: string) => void = () => undefined
  const stop = file.subscribe((line, number) => {
    if (!isWanted(line, filter)) return
    if (waiting === null) onLine(line)
    else waiting.push({ line, number })
  })
  const { lines, upTo } = await file.read(count, filter)
  return {
    past: lines,
    stop,
    follow: (callback) => {
      onLine = callback
      for (const { line, number } of waiting ?? []) if (number > upTo) callback(line)
      waiting = null
    },
  }
}
