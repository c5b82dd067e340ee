import type { LogFile } from './file.ts'
import { isWanted } from './line.ts'
import type { Filter } from './line.ts'
import { mergeByTime } from './merge.ts'

/** Past lines first, then, if it follows, each new one; ends when it is stopped. */
export interface Reading {
  readonly past: readonly string[]
  /** Calls back for every line after `past`; until stopped. */
  follow(onLine: (line: string) => void): void
  stop(): void
}

/** Reads a log that is kept in several files, as one. */
export async function readTogether(
  files: readonly LogFile[],
  count: number,
  filter: Filter,
): Promise<Reading> {
  const readings = await Promise.all(files.map((file) => openReading(file, count, filter)))
  const all = readings.reduce<string[]>((lines, { past }) => mergeByTime(lines, past), [])
  return {
    past: count === 0 ? [] : all.slice(-count),
    follow: (onLine) => {
      for (const reading of readings) reading.follow(onLine)
    },
    stop: () => {
      for (const reading of readings) reading.stop()
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
