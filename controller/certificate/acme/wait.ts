const longestMs = 7 * 86_400_000

/** What a Retry-After says, seconds or a date; undefined when it says nothing that can be read. */
export function waitOf(field: string | undefined, nowMs = Date.now()): number | undefined {
  if (field === undefined) return undefined
  const ms = /^\d+$/.test(field.trim()) ? Number(field) * 1000 : Date.parse(field) - nowMs
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), longestMs)
}
