import type { HealthCheck, HttpCheck, TriedCheck } from '#contract/health-check.ts'

/** A check that did not pass in as many tries as it has. */
export interface FailedCheck {
  readonly check: TriedCheck
  /** What came of the last try: `GET /up answered 500`. */
  readonly last: string
  /** Of the run it was made in. */
  readonly startedAtMs: number
}

/** How much of an answer is looked at, in bytes. */
export const bodyLimit = 64 * 1024

/** What a GET came to. */
export interface Answer {
  readonly status: number
  /** Its first `bodyLimit` bytes; empty when no content is asked for. */
  readonly body: string
}

/** Why an answer does not pass; null: it passes. Redirects pass, and are not followed. */
export function shortcoming(check: HttpCheck, { status, body }: Answer): string | null {
  const what = `${request(check)} answered ${status}`
  if (status < 200 || status >= 400) return what
  return check.content === null || body.includes(check.content)
    ? null
    : `${what} without ${shown(check.content)}`
}

/** A try that came to nothing: `GET /up: connection refused`. */
export function fruitless(check: TriedCheck, reason: string): string {
  if (reason === 'timeout') return `${request(check)} had no answer in ${check.timeout_s} s`
  return `${request(check)}: ${reason}`
}

/** When the first try is due, or, of an uptime, when it is reached. */
export function dueAtMs(check: HealthCheck, startedAtMs: number): number {
  const afterS = check.kind === 'uptime' ? check.uptime_s : check.delay_s
  return startedAtMs + afterS * 1000
}

/** What the pusher reads while it is waited for. */
export function describeCheck(check: HealthCheck): string {
  const name = check.name === null ? '' : ` (${check.name})`
  if (check.kind === 'uptime') return `${check.uptime_s} s of uptime${name}`
  const tries = check.attempts === 1 ? '1 try' : `${check.attempts} tries`
  return `${request(check)}${name}, ${tries} of ${check.timeout_s} s`
}

/** What a check that failed asks for. */
export function demandOf(check: TriedCheck): string {
  if (check.kind === 'listening')
    return `port ${check.port ?? '$PORT'} must take connections on 0.0.0.0`
  const within = check.content === null ? '' : `, with ${shown(check.content)} in the first 64 KiB`
  return `${request(check)} must answer 2xx or 3xx within ${check.timeout_s} s${within}`
}

function request(check: TriedCheck): string {
  if (check.kind === 'listening') return check.port === null ? 'its port' : `port ${check.port}`
  return `GET ${check.port === null ? '' : `:${check.port}`}${check.path}`
}

/** Escaped: it may hold any character. */
function shown(content: string): string {
  return JSON.stringify(content.length > 40 ? `${content.slice(0, 40)}…` : content)
}
