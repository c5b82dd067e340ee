import { statfs } from 'node:fs/promises'
import { Refused } from '#builder/refused.ts'
import { sizeText } from '#builder/units.ts'

const hint =
  'Free some space on the host (see `df -h`), or ask the operator to; SLIPWAY_BUILD_FREE_DISK sets the limit.'

/** Refuses a build early instead of filling the disk. */
export async function requireFreeDisk(path: string, neededBytes: number): Promise<void> {
  const free = await freeBytes(path)
  if (free >= neededBytes) return
  const needs = `a build needs ${sizeText(neededBytes)}`
  throw new Refused('disk', `only ${sizeText(free)} of disk are free, ${needs}`, hint)
}

const lookMs = 3000

/** Runs `work` with a signal that aborts, by a Refused, when less than `leastBytes` stay free. */
export async function watchDisk<T>(
  path: string,
  leastBytes: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const full = new AbortController()
  const look = async (): Promise<void> => {
    const free = await freeBytes(path)
    if (free < leastBytes) full.abort(filled(free))
  }
  const timer = setInterval(() => void look().catch(() => undefined), lookMs)
  try {
    return await work(AbortSignal.any([signal, full.signal]))
  } catch (error) {
    throw full.signal.aborted ? full.signal.reason : error
  } finally {
    clearInterval(timer)
  }
}

function filled(free: number): Refused {
  return new Refused('disk', `the build filled the disk; ${sizeText(free)} are left`, hint)
}

async function freeBytes(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path)
  return bavail * bsize
}
