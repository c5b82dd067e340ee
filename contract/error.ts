import { errors } from './error-rows.ts'
import type { ErrorRow } from './error-rows.ts'

export type ErrorCode = keyof typeof errors

type Names<T extends string> = T extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Names<Rest>
  : never
type Row<C extends ErrorCode> = (typeof errors)[C]
/** The details an error needs; a missing one does not compile. */
export type Details<C extends ErrorCode> = Record<
  Names<Row<C>['message']> | Names<Row<C>['fix']>,
  string | number
>

/** What crosses the wire when a request fails. `hint` is the next thing to do. */
export interface ErrorBody {
  readonly id: string
  readonly message: string
  readonly url: string
  readonly hint: string
  readonly code: string
  readonly request_id: string
}

/** An error that a user can act on. Anything else that is thrown is a bug. */
export class SlipwayError extends Error {
  readonly code: ErrorCode
  readonly status: number
  readonly id: string
  readonly hint: string
  /** Of the answer this came in; undefined where it was made. */
  readonly requestId: string | undefined

  constructor(
    code: ErrorCode,
    parts: { message: string; hint: string; requestId?: string | undefined },
    options?: ErrorOptions,
  ) {
    super(parts.message, options)
    this.name = 'SlipwayError'
    this.code = code
    this.status = errors[code].status
    this.id = errors[code].id
    this.hint = parts.hint
    this.requestId = parts.requestId
  }
}

/** Makes the error of a row: `throw failure('APP_NOT_FOUND', { app })`. */
export function failure<C extends ErrorCode>(
  code: C,
  details: Details<C>,
  options?: ErrorOptions,
): SlipwayError {
  const row: ErrorRow = errors[code]
  const parts = { message: fill(row.message, details), hint: fill(row.fix, details) }
  return new SlipwayError(code, parts, options)
}

function fill(text: string, details: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(details[name] ?? whole))
}

/** The body of a failed answer. */
export function errorBody(error: SlipwayError, requestId: string): ErrorBody {
  const { id, message, hint, code } = error
  return {
    id,
    message,
    url: `docs/errors.md#${code.toLowerCase()}`,
    hint,
    code,
    request_id: requestId,
  }
}

/** Reads a failed answer back into the error it was; unknown codes become INTERNAL with its text. */
export function errorFrom(body: Partial<ErrorBody>): SlipwayError {
  const code = body.code !== undefined && isErrorCode(body.code) ? body.code : 'INTERNAL'
  const row: ErrorRow = errors[code]
  return new SlipwayError(code, {
    message: body.message ?? row.message,
    hint: body.hint ?? row.fix,
    requestId: body.request_id,
  })
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errors, code)
}
