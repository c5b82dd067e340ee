import { printable } from './printable.ts'

/** What an authority has against something we asked (RFC 7807), or that it cannot be asked. */
export class AcmeProblem extends Error {
  override readonly name = 'AcmeProblem'
  /** Last part of the type: `badNonce`, `rateLimited`; `unreachable` is our own. */
  readonly kind: string
  /** How long it wants to be left alone; undefined where it does not say. */
  readonly waitMs: number | undefined

  constructor(
    kind: string,
    detail: string,
    options: ErrorOptions & { waitMs?: number | undefined } = {},
  ) {
    super(printable(detail), options)
    this.kind = kind
    this.waitMs = options.waitMs
  }
}

/** A problem document as it comes over the wire; any part may be missing. */
export interface ProblemDocument {
  readonly type?: string
  readonly detail?: string
  readonly subproblems?: readonly ProblemDocument[]
}

export function problemFrom(
  document: ProblemDocument | undefined,
  status: number,
  waitMs?: number,
): AcmeProblem {
  const kind = document?.type?.split(':').at(-1) ?? `status${status}`
  const details = [document, ...(document?.subproblems ?? [])].map((one) => one?.detail ?? '')
  const detail = details.filter((text) => text !== '').join('; ')
  return new AcmeProblem(kind, detail === '' ? `it answered with status ${status}` : detail, {
    waitMs,
  })
}
