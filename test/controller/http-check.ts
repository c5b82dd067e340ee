import type { HttpCheck } from '#contract/health-check.ts'

/** A check of `/up` that has one try, or what a test says otherwise. */
export function httpCheck(change: Partial<HttpCheck> = {}): HttpCheck {
  return {
    kind: 'http',
    name: null,
    port: null,
    attempts: 1,
    timeout_s: 1,
    wait_s: 1,
    delay_s: 0,
    path: '/up',
    headers: [],
    content: null,
    ...change,
  }
}
