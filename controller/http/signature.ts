import { createHmac, randomBytes } from 'node:crypto'
import { isSameSecret } from '#lib/same-secret.ts'

/**
 * Signs ids for URLs that need no token: whoever has the text may read that one thing until it
 * expires. Nothing is kept, so a list of many costs no memory; after a restart all are void.
 */
export interface Signer {
  readonly sign: (id: string) => string
  /** The id; null for what was not signed here or has expired. */
  readonly verify: (text: string) => string | null
}

/** Signatures are good for one to two times `ttlMs`, so that the same one is given for a while. */
export function openSigner({ ttlMs, now }: { ttlMs: number; now: () => Date }): Signer {
  const key = randomBytes(32)
  const mac = (text: string): string => createHmac('sha256', key).update(text).digest('base64url')
  const period = (): number => Math.floor(now().getTime() / ttlMs)
  return {
    sign: (id) => {
      const text = `${id}.${period()}`
      return `${text}.${mac(text)}`
    },
    verify: (text) => {
      const [id = '', signed = '', given = ''] = text.split('.')
      const isOurs = isSameSecret(given, mac(`${id}.${signed}`))
      return isOurs && period() - Number(signed) <= 1 ? id : null
    },
  }
}
