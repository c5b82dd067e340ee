import { createHash } from 'node:crypto'
import { failure } from '#contract/error.ts'
import { parseSshKey } from '#lib/ssh-key.ts'

/** An SSH public key we take. */
export interface PublicKey {
  /** `SHA256:…`, as ssh-keygen -l prints it. */
  readonly fingerprint: string
  /** `type base64 comment` */
  readonly line: string
  readonly comment: string
}

const leastRsaBits = 2048
const takenTypes =
  /^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)|sk-(ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com)$/

/** Reads the one line of a public key file. Throws KEY_INVALID with the reason. */
export function readPublicKey(text: string): PublicKey {
  if (text.includes('PRIVATE KEY')) refuse('it is a private key: keep that, and send the .pub file')
  const line = text.trim()
  if (/[\r\n]/.test(line)) refuse('it has more than one line')
  const [type = '', , ...words] = line.split(/\s+/)
  refuseType(type)
  const key = parseSshKey(line)
  if (key === null) return refuse('it cannot be read')
  if (type === 'ssh-rsa') refuseShort(key.rsaBits)
  const comment = words.join(' ').replaceAll(/\p{Cc}/gu, '')
  return describe(type, key.blob, comment)
}

function refuseType(type: string): void {
  if (type === 'ssh-dss') refuse('DSA keys are too weak')
  if (type.includes('-cert-')) refuse('it is a certificate: send the .pub file of the key itself')
  if (!takenTypes.test(type)) refuse('it does not begin with ssh-ed25519, ssh-rsa or ecdsa-sha2-…')
}

function refuseShort(bits: number): void {
  if (bits < leastRsaBits) refuse(`an RSA key needs ${leastRsaBits} bits, this has ${bits}`)
}

function describe(type: string, blob: Buffer, comment: string): PublicKey {
  const digest = createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')
  const line = [type, blob.toString('base64'), comment].join(' ').trim()
  return { fingerprint: `SHA256:${digest}`, line, comment }
}

function refuse(reason: string): never {
  throw failure('KEY_INVALID', { reason })
}
