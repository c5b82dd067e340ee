import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'

/** 32 MiB and some 80 ms for each try, as OWASP's password storage cheat sheet asks of scrypt. */
const cost = { N: 2 ** 15, r: 8, p: 3 }
const maxMemoryBytes = 64 * 1024 ** 2
const hashBytes = 32

/** `scrypt$N$r$p$salt$hash`, the last two in base64url. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16)
  const hash = await derive(password, salt, cost)
  const { N, r, p } = cost
  return ['scrypt', N, r, p, salt.toString('base64url'), hash.toString('base64url')].join('$')
}

/**
 * Whether a password is the one of a hash. Without a hash (there is no such account) it takes as
 * long and is false, so that the time does not tell who has an account.
 */
export async function isPassword(password: string, stored: string | undefined): Promise<boolean> {
  const [, N, r, p, salt = '', hash = ''] = (stored ?? (await nobody())).split('$')
  const cost = { N: Number(N), r: Number(r), p: Number(p) }
  const derived = await derive(password, Buffer.from(salt, 'base64url'), cost)
  return timingSafeEqual(derived, Buffer.from(hash, 'base64url')) && stored !== undefined
}

let nobodysHash: Promise<string> | undefined

function nobody(): Promise<string> {
  nobodysHash ??= hashPassword(randomBytes(16).toString('hex'))
  return nobodysHash
}

function derive(password: string, salt: Buffer, parameters: typeof cost): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  const options = { ...parameters, maxmem: maxMemoryBytes }
  scrypt(password.normalize('NFKC'), salt, hashBytes, options, (error, key) => {
    if (error === null) resolve(key)
    else reject(error)
  })
  return promise
}
