import { isIP } from 'node:net'
import { failure } from '#contract/error.ts'

export interface Question {
  readonly url: string
  readonly method?: string
  readonly address?: string
}

/** A request that is only thought of. */
export interface Imagined {
  readonly method: string
  readonly host: string
  readonly target: string
  readonly isSecure: boolean
  /** Null: nobody in particular. */
  readonly address: string | null
}

/** Throws INVALID_PARAMS. */
export function imagine({ url, method = 'GET', address }: Question): Imagined {
  const parsed = URL.canParse(url) ? new URL(url) : null
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) return refuse(`"${url}" is no URL`)
  if (!/^[A-Z]{1,32}$/.test(method)) return refuse(`"${method}" is no method`)
  if (address !== undefined && isIP(address) === 0) return refuse(`"${address}" is no IP address`)
  return {
    method,
    host: parsed.hostname,
    target: parsed.pathname + parsed.search,
    isSecure: parsed.protocol === 'https:',
    address: address ?? null,
  }
}

function refuse(reason: string): never {
  throw failure('INVALID_PARAMS', { reason })
}
