import { randomFillSync } from 'node:crypto'

// Asking the kernel for 16 bytes at a time costs more than the rest of a request's head.
const idBytes = 16
const pool = Buffer.allocUnsafeSlow(1024 * idBytes)
let next = pool.length

/** 32 hex digits that nobody can guess. */
export function requestId(): string {
  if (next === pool.length) {
    randomFillSync(pool)
    next = 0
  }
  next += idBytes
  return pool.toString('hex', next - idBytes, next)
}
