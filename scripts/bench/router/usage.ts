import { readdirSync, readFileSync } from 'node:fs'

/** What the kernel counts in a hundredth of a second (USER_HZ, the same on every Linux). */
const ticksPerSecond = 100

interface Stat {
  readonly pid: number
  readonly parent: number
  readonly ticks: number
}

/** CPU time that a process and all below it have taken so far, user and system, in seconds. */
export function cpuSeconds(pid: number): number {
  return tree(pid).reduce((sum, { ticks }) => sum + ticks, 0) / ticksPerSecond
}

/** Memory of a process and all below it, in bytes. */
export function rssBytes(pid: number): number {
  return tree(pid).reduce((sum, stat) => sum + rssOf(stat.pid), 0)
}

/** The processes below this one. */
export function childrenOf(pid: number): number[] {
  return tree(pid)
    .map((stat) => stat.pid)
    .filter((each) => each !== pid)
}

function tree(pid: number): Stat[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readStat(Number(name)))
  const isBelow = (stat: Stat | undefined): boolean =>
    stat !== undefined &&
    (stat.pid === pid || isBelow(all.find((each) => each.pid === stat.parent)))
  return all.filter(isBelow)
}

/** None when the process has ended meanwhile. */
function readStat(pid: number): Stat[] {
  const text = read(`/proc/${pid}/stat`)
  if (text === '') return []
  // The name before the bracket may hold anything.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return [{ pid, parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) }]
}

function rssOf(pid: number): number {
  const match = /^Rss:\s+(\d+) kB/m.exec(read(`/proc/${pid}/smaps_rollup`))
  return Number(match?.[1] ?? 0) * 1024
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
