import { failure } from '#contract/error.ts'

// The API whose shapes we speak takes any word after its version: `version=3.webhooks`.
const taken = [
  /^\*\/\*$/,
  /^application\/\*$/,
  /^application\/json$/,
  /^application\/vnd\.heroku\+json(;version=3(\.[\w.-]+)?)?$/,
  /^application\/vnd\.slipway\+json(;version=1(\.[\w.-]+)?)?$/,
]

/** Throws NOT_ACCEPTABLE when a client asks for a form or version that we do not speak. */
export function refuseUnacceptable(accept: string | undefined): void {
  if (accept === undefined || accept === '') return
  const ranges = accept.split(',').map(bare)
  if (ranges.some((range) => taken.some((pattern) => pattern.test(range)))) return
  throw failure('NOT_ACCEPTABLE', { accept })
}

/** A media range without white space and weight. */
function bare(range: string): string {
  return range
    .toLowerCase()
    .replaceAll(/\s+/g, '')
    .replace(/;q=[\d.]+/, '')
    .replaceAll('"', '')
}
