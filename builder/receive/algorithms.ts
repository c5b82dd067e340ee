import type { Algorithms } from 'ssh2'

/** Post-quantum key exchange; offered when `mlkem.ts` could add it to ssh2. */
const hybridExchange = 'mlkem768x25519-sha256'

/**
 * What we speak: no SHA-1, no NIST curve, no CBC. AES-GCM first, since clients that are offered
 * chacha20 take it and it costs ssh2 twice the time.
 */
export function algorithms(hybrid: boolean): Algorithms {
  const exchanges = ['curve25519-sha256', 'curve25519-sha256@libssh.org']
  return {
    // ssh2's types do not know the one we add.
    kex: (hybrid ? [hybridExchange, ...exchanges] : exchanges) as NonNullable<Algorithms['kex']>,
    serverHostKey: ['ssh-ed25519'],
    cipher: [
      'aes128-gcm@openssh.com',
      'aes256-gcm@openssh.com',
      'aes128-ctr',
      'aes192-ctr',
      'aes256-ctr',
    ],
    hmac: ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-512-etm@openssh.com'],
    compress: ['none'],
  }
}
