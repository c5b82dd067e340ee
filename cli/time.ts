const minute = 60
const hour = 60 * minute
const day = 24 * hour

/** How long ago, as one says it: `just now`, `5 min ago`, `2 h ago`, `3 days ago`, then the date. */
export function ago(time: string, nowMs = Date.now()): string {
  const seconds = secondsSince(time, nowMs)
  if (seconds < 5) return 'just now'
  if (seconds < minute) return `${seconds} s ago`
  if (seconds < hour) return `${Math.floor(seconds / minute)} min ago`
  if (seconds < day) return `${Math.floor(seconds / hour)} h ago`
  if (seconds < 2 * day) return 'yesterday'
  if (seconds < 14 * day) return `${Math.floor(seconds / day)} days ago`
  return time.slice(0, 10)
}

/** How old, shortly: `12s`, `5m`, `2h`, `3d`. */
export function age(time: string, nowMs = Date.now()): string {
  const seconds = secondsSince(time, nowMs)
  if (seconds < minute) return `${seconds}s`
  if (seconds < hour) return `${Math.floor(seconds / minute)}m`
  if (seconds < day) return `${Math.floor(seconds / hour)}h`
  return `${Math.floor(seconds / day)}d`
}

/** When something ends: `in 62 days (2026-03-31)`, `in 5 h`, or that it has. */
export function ends(time: string, nowMs = Date.now()): string {
  const date = time.slice(0, 10)
  if (Date.parse(time) <= nowMs) return `expired (${date})`
  return `${soon(time, nowMs)} (${date})`
}

/** How long until then: `now`, `in 30 s`, `in 5 min`, `in 2 h`, `in 3 days`. */
export function soon(time: string, nowMs = Date.now()): string {
  const seconds = Math.ceil((Date.parse(time) - nowMs) / 1000)
  if (seconds <= 0) return 'now'
  if (seconds < minute) return `in ${seconds} s`
  if (seconds < hour) return `in ${Math.floor(seconds / minute)} min`
  if (seconds < 2 * day) return `in ${Math.floor(seconds / hour)} h`
  return `in ${Math.floor(seconds / day)} days`
}

/** Clocks differ: what lies ahead of ours is now. */
function secondsSince(time: string, nowMs: number): number {
  return Math.max(0, Math.floor((nowMs - Date.parse(time)) / 1000))
}

/** `18.4 MB` */
export function size(bytes: number): string {
  if (bytes < 1e3) return `${bytes} B`
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(1)} kB`
  if (bytes < 1e9) return `${(bytes / 1e6).toFixed(1)} MB`
  return `${(bytes / 1e9).toFixed(1)} GB`
}
