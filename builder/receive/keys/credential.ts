import type { PublicKeyAuthContext } from 'ssh2'
import { fingerprintOf } from '#builder/receive/fingerprint.ts'
import { readSshKey, readSshSignature, type SshKey, type SshSignature } from '#lib/ssh-key.ts'
import { certifiedType, isValid, readCertificate } from './certificate.ts'

/** What somebody proves who they are with. */
export type Credential = {
  /** Tells it from any other. */
  readonly fingerprint: string
} & (
  | { readonly kind: 'key' }
  /** `principals`: whom an authority of ours says it may stand for. */
  | { readonly kind: 'certificate'; readonly principals: readonly string[] }
)

/** More names than these are on no certificate for a person. */
const mostPrincipals = 16

/**
 * What a request to let somebody in offers, if we would take it: a strong key, or a valid certificate of one
 * of the authorities; and if it is signed, then by that key. A mere question has no signature.
 */
export function readCredential(
  context: PublicKeyAuthContext,
  authorities: readonly SshKey[],
  now: Date,
): Credential | null {
  const { algo, data } = context.key
  const fingerprint = fingerprintOf(data)
  if (certifiedType(algo.replace(/^rsa-sha2-(256|512)-/, 'ssh-rsa-')) === null) {
    const key = readSshKey(data)
    if (key?.type !== algo || !isStrong(key)) return null
    return isSignedBy(key, context, () => plainSignature(key, context))
      ? { kind: 'key', fingerprint }
      : null
  }
  const certificate = readCertificate(data)
  if (certificate === null || !isStrong(certificate.key)) return null
  if (!isValid(certificate, authorities, now)) return null
  const { key, principals } = certificate
  if (principals.length > mostPrincipals) return null
  return isSignedBy(key, context, ({ signature }) => readSshSignature(signature))
    ? { kind: 'certificate', fingerprint, principals }
    : null
}

const leastRsaBits = 2048

function isStrong({ type, rsaBits }: SshKey): boolean {
  return type !== 'ssh-rsa' || rsaBits >= leastRsaBits
}

interface Signed {
  readonly signature: Buffer
}

function isSignedBy(
  key: SshKey,
  { signature, blob }: PublicKeyAuthContext,
  read: (signed: Signed) => SshSignature,
): boolean {
  if (signature === undefined) return true
  try {
    return blob !== undefined && key.verifies(read({ signature }), blob)
  } catch {
    return false
  }
}

const tokenBytes = 5

/** As ssh2 hands it over: without the name of the algorithm and without its length. */
function plainSignature({ type }: SshKey, context: PublicKeyAuthContext): SshSignature {
  const { signature = Buffer.alloc(0), hashAlgo } = context
  const end = type.startsWith('sk-') ? signature.length - tokenBytes : signature.length
  // ssh2 names no hash for SHA-1.
  const algorithm = type === 'ssh-rsa' ? `rsa-sha2-${hashAlgo?.slice(3)}` : type
  return { algorithm, data: signature.subarray(0, end), token: signature.subarray(end) }
}
