import { createHash, randomBytes } from 'node:crypto'

/** A token as its owner keeps it: 32 random bytes behind a prefix that leak scanners can know. */
export function newToken(): string {
  return `slw_${randomBytes(32).toString('base64url')}`
}

/** A token as we keep it. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}
