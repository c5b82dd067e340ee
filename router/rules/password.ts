import { scrypt, timingSafeEqual } from 'node:crypto'

/** A password as it is kept: `scrypt$N$r$p$salt$hash`, salt and hash in base64url. */
interface Hash {
  readonly N: number
  readonly r: number
  readonly p: number
  readonly salt: Buffer
  readonly hash: Buffer
}

/** What one check may take of memory: a hash that asks for more is refused when it comes. */
const memoryLimitBytes = 64 * 1024 ** 2

/** What is wrong with a hash, in words; null when nothing is. */
export function hashFault(text: string): string | null {
  const read = readHash(text)
  if (read === null) return 'is not of the form scrypt$N$r$p$salt$hash'
  const { N, r, p } = read
  const isPower = N > 1 && Number.isInteger(Math.log2(N))
  if (!isPower || r < 1 || p < 1 || p > 16) return 'has parameters that scrypt does not take'
  return 128 * N * r * p > memoryLimitBytes / 2 ? 'would take too much memory to check' : null
}

/** Whether a password is the one of a hash, computed in the thread pool. */
export function isPassword(given: string, text: string): Promise<boolean> {
  const read = readHash(text)
  if (read === null) return Promise.resolve(false)
  const { N, r, p, salt, hash } = read
  const options = { N, r, p, maxmem: memoryLimitBytes }
  return new Promise((resolve, reject) => {
    scrypt(given, salt, hash.length, options, (error, key) => {
      if (error === null) resolve(timingSafeEqual(key, hash))
      else reject(error)
    })
  })
}

function readHash(text: string): Hash | null {
  const match = /^scrypt\$(\d{1,8})\$(\d{1,4})\$(\d{1,4})\$([\w-]{8,})\$([\w-]{16,128})$/.exec(text)
  if (match === null) return null
  const [, N, r, p, salt = '', hash = ''] = match
  return {
    N: Number(N),
    r: Number(r),
    p: Number(p),
    salt: Buffer.from(salt, 'base64url'),
    hash: Buffer.from(hash, 'base64url'),
  }
}
