import { createHash, createPublicKey, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'

/** Proves to an authority who we are: signs what we send (RFC 7515, ES256). */
export class AccountKey {
  readonly #key: KeyObject
  readonly #jwk: Readonly<Record<string, unknown>>
  /** SHA-256 of the public key (RFC 7638): part of the answer to every challenge. */
  readonly thumbprint: string

  /** @param key ECDSA on P-256. */
  constructor(key: KeyObject) {
    const { crv, kty, x, y } = createPublicKey(key).export({ format: 'jwk' })
    this.#key = key
    // The order of the thumbprint's text is fixed.
    this.#jwk = { crv, kty, x, y }
    this.thumbprint = createHash('sha256').update(JSON.stringify(this.#jwk)).digest('base64url')
  }

  /** A signed body; `account` is our URL there, null where we have none yet. `null`: no payload. */
  seal(
    payload: unknown,
    about: { readonly url: string; readonly nonce: string; readonly account: string | null },
  ): string {
    const { url, nonce, account } = about
    const who = account === null ? { jwk: this.#jwk } : { kid: account }
    const head = base64({ alg: 'ES256', nonce, url, ...who })
    const body = payload === null ? '' : base64(payload)
    const signature = sign('sha256', Buffer.from(`${head}.${body}`), {
      key: this.#key,
      dsaEncoding: 'ieee-p1363',
    })
    return JSON.stringify({
      protected: head,
      payload: body,
      signature: signature.toString('base64url'),
    })
  }
}

function base64(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
