import { constants } from 'node:crypto'
import type { SecureContext, SecureContextOptions } from 'node:tls'

/**
 * What every handshake of ours allows: TLS 1.2 with forward secrecy and authenticated encryption, and
 * TLS 1.3. A context and the server it is used by must agree in all of it; without the same
 * `sessionIdContext` no session is ever resumed.
 */
export const handshake: SecureContextOptions = Object.freeze({
  minVersion: 'TLSv1.2',
  sessionIdContext: 'slipway',
  // A client that puts ChaCha20 first, having no AES hardware, gets that. Nobody renegotiates.
  honorCipherOrder: true,
  // What Mozilla's "intermediate" has. A `?` is for an OpenSSL that does not know it.
  ecdhCurve: '?X25519MLKEM768:X25519:prime256v1:secp384r1',
  secureOptions: constants.SSL_OP_PRIORITIZE_CHACHA | constants.SSL_OP_NO_RENEGOTIATION,
  ciphers: [
    'TLS_AES_128_GCM_SHA256',
    'TLS_AES_256_GCM_SHA384',
    'TLS_CHACHA20_POLY1305_SHA256',
    'ECDHE-ECDSA-AES128-GCM-SHA256',
    'ECDHE-RSA-AES128-GCM-SHA256',
    'ECDHE-ECDSA-AES256-GCM-SHA384',
    'ECDHE-RSA-AES256-GCM-SHA384',
    'ECDHE-ECDSA-CHACHA20-POLY1305',
    'ECDHE-RSA-CHACHA20-POLY1305',
  ].join(':'),
})

interface Pair {
  readonly cert: string | Buffer
  readonly key: string | Buffer
}

/** Throws what OpenSSL has against the pair. */
export function contextOf({ cert, key }: Pair): SecureContext {
  // Not imported above: it takes 3 MiB, also where no certificate is ever used.
  return process.getBuiltinModule('node:tls').createSecureContext({ ...handshake, cert, key })
}
