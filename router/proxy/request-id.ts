import { randomFillSync } from 'node:crypto'

// Asking the kernel for 16 bytes at a time costs more than the rest of a request's head, and so
// does a text made of each.
const idBytes = 16
const idChars = 2 * idBytes
const pool = Buffer.allocUnsafeSlow(256 * idBytes)
let text = ''
let next = 0

/** 32 hex digits that nobody can guess. */
export function requestId(): string {
  if (next === text.length) {
    text = randomFillSync(pool).toString('hex')
    next = 0
  }
  next += idChars
  return text.slice(next - idChars, next)
}
