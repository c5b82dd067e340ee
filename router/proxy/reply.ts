import type { HCode } from './entry.ts'

/** An answer of our own. */
export interface Reply {
  readonly status: number
  /** Further header lines, each with its CR LF. */
  readonly fields: string
  /** HTML; null: our own page. */
  readonly body: string | null
  readonly code: HCode | null
}

/** An answer with our own page. */
export function reply(status: number, code: HCode | null = null, fields = ''): Reply {
  return { status, fields, body: null, code }
}

/** Bad requests of a connection, by the status the parser gave. */
export function refusal(status: number): Reply {
  return reply(status, status === 431 || status === 414 || status === 413 ? 'H32' : null)
}

/** The client did not send what it began, or no body that fits, or the instance no answer, in time. */
export const slowClient = reply(408, 'H28')
export const tooLarge = reply(413, 'H32')
export const slowInstance = reply(504, 'H12')

/** Come back later. */
export function busy(code: HCode): Reply {
  return reply(503, code, 'Retry-After: 10\r\n')
}

/** A body that is no page, such as a challenge's. */
export function plain(text: string): Reply {
  return { status: 200, fields: 'Content-Type: text/plain\r\n', body: text, code: null }
}
