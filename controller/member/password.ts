import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'

interface Cost {
  readonly N: number
  readonly r: number
  readonly p: number
}

/** How the passwords of one kind are kept. */
interface Way {
  readonly cost: Cost
  /** Unicode has several spellings of one text; this one is hashed. */
  readonly form: 'NFC' | 'NFKC'
}

/** 32 MiB and some 80 ms for each try, as OWASP's password storage cheat sheet asks of scrypt. */
const ofAccounts: Way = { cost: { N: 2 ** 15, r: 8, p: 3 }, form: 'NFKC' }
/**
 * What the router checks, between requests: 16 MiB and some 30 ms. Browsers send what was typed as
 * NFC (RFC 7617), and the router takes it as it comes.
 */
export const ofEdge: Way = { cost: { N: 2 ** 14, r: 8, p: 1 }, form: 'NFC' }

const maxMemoryBytes = 64 * 1024 ** 2
const hashBytes = 32

/** `scrypt$N$r$p$salt$hash`, the last two in base64url. */
export async function hashPassword(
  password: string,
  { cost, form }: Way = ofAccounts,
): Promise<string> {
  const salt = randomBytes(16)
  const hash = await derive(password.normalize(form), salt, cost)
  const { N, r, p } = cost
  return ['scrypt', N, r, p, salt.toString('base64url'), hash.toString('base64url')].join('$')
}

/**
 * Whether a password is the one of an account's hash. Without a hash (there is no such account) it
 * takes as long and is false, so that the time does not tell who has an account.
 */
export async function isPassword(password: string, stored: string | undefined): Promise<boolean> {
  const [, N, r, p, salt = '', hash = ''] = (stored ?? (await nobody())).split('$')
  const cost = { N: Number(N), r: Number(r), p: Number(p) }
  const text = password.normalize(ofAccounts.form)
  const derived = await derive(text, Buffer.from(salt, 'base64url'), cost)
  return timingSafeEqual(derived, Buffer.from(hash, 'base64url')) && stored !== undefined
}

let nobodysHash: Promise<string> | undefined

function nobody(): Promise<string> {
  nobodysHash ??= hashPassword(randomBytes(16).toString('hex'))
  return nobodysHash
}

function derive(password: string, salt: Buffer, cost: Cost): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  const options = { ...cost, maxmem: maxMemoryBytes }
  scrypt(password, salt, hashBytes, options, (error, key) => {
    if (error === null) resolve(key)
    else reject(error)
  })
  return promise
}
