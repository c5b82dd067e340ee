import { failure } from '#contract/error.ts'

/** A page of a list that is numbered, as a `Range` header asks for it. */
export interface Page {
  readonly from: number | null
  readonly to: number | null
  /** `from` itself is not wanted: it was the last of the page before. */
  readonly after: boolean
  readonly order: 'asc' | 'desc'
  readonly max: number
}

const usual: Page = { from: null, to: null, after: false, order: 'asc', max: 200 }
const mostAtOnce = 1000

/**
 * Reads `version ]12..20; order=desc,max=10`; bounds and options may be left out, the separator may
 * be `,` or `;`. Throws INVALID_PARAMS.
 */
export function readRange(header: string | undefined, field: string): Page {
  if (header === undefined || header.trim() === '') return usual
  const match = /^\s*(\w+)\s*(\]?)(\d*)\.\.(\d*)\s*[;,]?(.*)$/.exec(header)
  const [, name, bracket, from = '', to = '', options = ''] = match ?? []
  if (name !== field) throw refusal(`lists here are paged by "${field} .."`)
  return { ...usual, from: bound(from), to: bound(to), after: bracket === ']', ...read(options) }
}

/** The `Next-Range` after a full page that ended with `last`. */
export function nextRange(field: string, last: number, { to, order, max }: Page): string {
  return `${field} ]${last}..${to ?? ''}; order=${order},max=${max}`
}

function read(options: string): Partial<Page> {
  const pairs = options.split(/[;,]/).filter((text) => text.trim() !== '')
  return Object.assign({}, ...pairs.map(readOption)) as Partial<Page>
}

function readOption(text: string): Partial<Page> {
  const [name = '', value = ''] = text.split('=').map((part) => part.trim())
  if (name === 'order' && (value === 'asc' || value === 'desc')) return { order: value }
  const max = name === 'max' && /^\d{1,6}$/.test(value) ? Number(value) : 0
  if (max > 0) return { max: Math.min(max, mostAtOnce) }
  throw refusal(`"${text.trim()}" is no order=asc, order=desc or max=1 to ${mostAtOnce}`)
}

function bound(text: string): number | null {
  return text === '' ? null : Number(text)
}

function refusal(reason: string): Error {
  return failure('INVALID_PARAMS', { reason: `in Range, ${reason}` })
}
