import { requestOf } from '#contract/health-check.ts'
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
  const what = `${requestOf(check)} answered ${status}`
  if (status < 200 || status >= 400) return what
  return check.content === null || body.includes(check.content)
    ? null
    : `${what} without ${shown(check.content)}`
}

/** A try that came to nothing: `GET /up: connection refused`. */
export function fruitless(check: TriedCheck, reason: string): string {
  if (reason === 'timeout') return `${requestOf(check)} had no answer in ${check.timeout_s} s`
  return `${requestOf(check)}: ${reason}`
}

/** When the first try is due, or, of an uptime, when it is reached. */
export function dueAtMs(check: HealthCheck, startedAtMs: number): number {
  const afterS = check.kind === 'uptime' ? check.uptime_s : check.delay_s
  return startedAtMs + afterS * 1000
}

/** What a check that failed asks for. */
export function demandOf(check: TriedCheck): string {
  if (check.kind === 'listening')
    return `port ${check.port ?? '$PORT'} must take connections on 0.0.0.0`
  if (check.kind === 'command')
    return `${requestOf(check)} must end with exit code 0 within ${check.timeout_s} s`
  const within = check.content === null ? '' : `, with ${shown(check.content)} in the first 64 KiB`
  return `${requestOf(check)} must answer 2xx or 3xx within ${check.timeout_s} s${within}`
}

/** Escaped: it may hold any character. */
function shown(content: string): string {
  return JSON.stringify(content.length > 40 ? `${content.slice(0, 40)}…` : content)
}
