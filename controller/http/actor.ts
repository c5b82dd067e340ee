import type { UserRow } from '#controller/store/tables.ts'

/** A logged-in user. `tokenId` is the token of this request. */
export interface User extends Pick<UserRow, 'id' | 'email' | 'created_at'> {
  readonly admin: boolean
  readonly tokenId: string
}

/** Who makes a request. */
export type Actor =
  | { readonly kind: 'nobody' }
  | { readonly kind: 'user'; readonly user: User }
  /** A program of this platform, by the internal token. */
  | { readonly kind: 'program' }

export type Credentials =
  | { readonly kind: 'none' }
  | { readonly kind: 'bearer'; readonly token: string }
  | { readonly kind: 'basic'; readonly name: string; readonly password: string }

/** Reads an `Authorization` header; what is no Bearer and no Basic counts as none. */
export function readCredentials(header: string | undefined): Credentials {
  const match = /^(Bearer|Basic) +([\w~+/.=-]+) *$/i.exec(header ?? '')
  const [, scheme = '', value = ''] = match ?? []
  if (scheme.toLowerCase() === 'bearer') return { kind: 'bearer', token: value }
  return scheme === '' ? { kind: 'none' } : readBasic(Buffer.from(value, 'base64').toString())
}

function readBasic(text: string): Credentials {
  const colon = text.indexOf(':')
  if (colon < 0) return { kind: 'none' }
  return { kind: 'basic', name: text.slice(0, colon), password: text.slice(colon + 1) }
}

/** The token in credentials: Basic carries it as the password, with any name. */
export function tokenIn(credentials: Credentials): string | null {
  if (credentials.kind === 'none') return null
  return credentials.kind === 'bearer' ? credentials.token : credentials.password
}
