import { readSshKey, readSshKeyFields, readSshSignature, type SshKey } from '#lib/ssh-key.ts'
import { SshReader } from '#lib/ssh-wire.ts'

/** A user certificate of OpenSSH (PROTOCOL.certkeys): a key, and who it may stand for, signed. */
export interface Certificate {
  /** The key that must have signed the request. */
  readonly key: SshKey
  readonly authority: SshKey
  readonly isOfUser: boolean
  readonly principals: readonly string[]
  /** Seconds since 1970; from the first on, and before the second. */
  readonly validAfter: bigint
  readonly validBefore: bigint
  /** Names of conditions whoever takes it must know how to hold to. */
  readonly criticalOptions: readonly string[]
  /** Whether the authority signed all of this. */
  readonly isGenuine: boolean
}

const suffix = '-cert-v01@openssh.com'

/** The type of the key in a certificate; null when the type is of no certificate. */
export function certifiedType(type: string): string | null {
  if (!type.endsWith(suffix)) return null
  const plain = type.slice(0, -suffix.length)
  return plain.startsWith('sk-') ? `${plain}@openssh.com` : plain
}

/** Reads a certificate as it is sent. Null when it is malformed or of a type we do not know. */
export function readCertificate(blob: Buffer): Certificate | null {
  try {
    return read(new SshReader(blob), blob)
  } catch {
    return null
  }
}

function read(reader: SshReader, blob: Buffer): Certificate | null {
  const type = certifiedType(reader.text())
  reader.string() // nonce
  const key = type === null ? null : readSshKeyFields(type, reader, blob)
  if (key === null) return null
  reader.uint64() // serial number
  const isOfUser = reader.uint32() === 1
  reader.string() // name of the certificate
  const principals = strings(reader.string())
  const [validAfter, validBefore] = [reader.uint64(), reader.uint64()]
  const criticalOptions = names(reader.string())
  reader.string() // extensions: what a terminal session may do
  reader.string() // reserved
  const authority = readSshKey(reader.string())
  const signed = blob.subarray(0, reader.at)
  const signature = readSshSignature(reader.string())
  if (authority === null || !reader.isAtEnd) return null
  const isGenuine = authority.verifies(signature, signed)
  const validity = { validAfter, validBefore, criticalOptions }
  return { key, authority, isOfUser, principals, ...validity, isGenuine }
}

function strings(bytes: Buffer): string[] {
  const reader = new SshReader(bytes)
  const found: string[] = []
  while (!reader.isAtEnd) found.push(reader.text())
  return found
}

/** Names of options, each with a value. */
function names(bytes: Buffer): string[] {
  return strings(bytes).filter((_, index) => index % 2 === 0)
}

/**
 * Whether a certificate may be believed: an authority of ours signed it, for users, for now, and
 * without conditions that we do not know.
 */
export function isValid(
  certificate: Certificate,
  authorities: readonly SshKey[],
  now: Date,
): boolean {
  const seconds = BigInt(Math.floor(now.getTime() / 1000))
  return (
    certificate.isGenuine &&
    certificate.isOfUser &&
    authorities.some(({ blob }) => blob.equals(certificate.authority.blob)) &&
    certificate.validAfter <= seconds &&
    seconds < certificate.validBefore &&
    certificate.criticalOptions.length === 0
  )
}
