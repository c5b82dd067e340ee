import { createHash, createPublicKey, verify, type KeyObject } from 'node:crypto'
import { SshReader } from './ssh-wire.ts'

/** A public key of SSH: RSA, Ed25519, ECDSA, and the last two as a hardware token has them. */
export interface SshKey {
  /** `ssh-ed25519`, `sk-ssh-ed25519@openssh.com`, … */
  readonly type: string
  /** As it is sent; a key is known by it. */
  readonly blob: Buffer
  /** Of RSA; 0 of the others. */
  readonly rsaBits: number
  readonly verifies: (signature: SshSignature, message: Buffer) => boolean
}

export interface SshSignature {
  /** `rsa-sha2-512`; of most keys the same as their type. */
  readonly algorithm: string
  /** Of ECDSA two numbers, as SSH or as DER has them. */
  readonly data: Buffer
  /** What a hardware token adds; empty otherwise. */
  readonly token: Buffer
}

/** Reads the line of a public key file. Null when it is malformed or of a type we do not know. */
export function parseSshKey(line: string): SshKey | null {
  const [type = '', base64 = ''] = line.trim().split(/\s+/)
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return null
  const key = readSshKey(Buffer.from(base64, 'base64'))
  return key?.type === type ? key : null
}

/** Reads a key as it is sent. Null when it is malformed or of a type we do not know. */
export function readSshKey(blob: Buffer): SshKey | null {
  try {
    const reader = new SshReader(blob)
    const key = readSshKeyFields(reader.text(), reader, blob)
    return reader.isAtEnd ? key : null
  } catch {
    return null
  }
}

/** Reads what follows the type of a key, in a certificate as well. Throws when it is malformed. */
export function readSshKeyFields(type: string, reader: SshReader, blob: Buffer): SshKey | null {
  const of = (rsaBits: number, verifies: SshKey['verifies']) => ({ type, blob, rsaBits, verifies })
  switch (type) {
    case 'ssh-ed25519':
      return of(0, plain(type, ed25519(reader.string())))
    case 'ssh-rsa':
      return rsa(reader, of)
    case 'ecdsa-sha2-nistp256':
    case 'ecdsa-sha2-nistp384':
    case 'ecdsa-sha2-nistp521':
      return of(0, plain(type, ecdsa(type, reader)))
    case 'sk-ssh-ed25519@openssh.com':
      return of(0, onToken(type, ed25519(reader.string()), reader.string()))
    case 'sk-ecdsa-sha2-nistp256@openssh.com':
      return of(0, onToken(type, ecdsa('ecdsa-sha2-nistp256', reader), reader.string()))
    default:
      return null
  }
}

/** Reads a signature as it is sent. Throws when it is malformed. */
export function readSshSignature(bytes: Buffer): SshSignature {
  const reader = new SshReader(bytes)
  const algorithm = reader.text()
  const data = reader.string()
  return { algorithm, data, token: bytes.subarray(reader.at) }
}

type Check = (data: Buffer, message: Buffer) => boolean

function plain(type: string, check: Check): SshKey['verifies'] {
  return ({ algorithm, data, token }, message) =>
    algorithm === type && token.length === 0 && check(data, message)
}

/** RSA signs with SHA-2 only; `ssh-rsa` would be SHA-1. */
const rsaHashes: Readonly<Record<string, string>> = {
  'rsa-sha2-256': 'sha256',
  'rsa-sha2-512': 'sha512',
}

function rsa(
  reader: SshReader,
  of: (rsaBits: number, verifies: SshKey['verifies']) => SshKey,
): SshKey {
  const e = reader.number().toString('base64url')
  const n = reader.number()
  const key = fromJwk({ kty: 'RSA', e, n: n.toString('base64url') })
  return of(n.length * 8, ({ algorithm, data, token }, message) => {
    const hash = Object.hasOwn(rsaHashes, algorithm) ? rsaHashes[algorithm] : undefined
    return hash !== undefined && token.length === 0 && verify(hash, message, key, data)
  })
}

function ed25519(x: Buffer): Check {
  const key = fromJwk({ kty: 'OKP', crv: 'Ed25519', x: x.toString('base64url') })
  return (data, message) => verify(null, message, key, data)
}

const curves = {
  'ecdsa-sha2-nistp256': { name: 'nistp256', crv: 'P-256', hash: 'sha256', bytes: 32 },
  'ecdsa-sha2-nistp384': { name: 'nistp384', crv: 'P-384', hash: 'sha384', bytes: 48 },
  'ecdsa-sha2-nistp521': { name: 'nistp521', crv: 'P-521', hash: 'sha512', bytes: 66 },
} as const

function ecdsa(type: keyof typeof curves, reader: SshReader): Check {
  const { name, crv, hash, bytes } = curves[type]
  if (reader.text() !== name) throw new RangeError('another curve than the type says')
  const point = reader.string()
  if (point.length !== 2 * bytes + 1 || point[0] !== 4) throw new RangeError('not a whole point')
  const x = point.subarray(1, 1 + bytes).toString('base64url')
  const y = point.subarray(1 + bytes).toString('base64url')
  const key = fromJwk({ kty: 'EC', crv, x, y })
  return (data, message) =>
    isDer(data)
      ? verify(hash, message, { key, dsaEncoding: 'der' }, data)
      : verify(hash, message, { key, dsaEncoding: 'ieee-p1363' }, pair(data, bytes))
}

/** The other way begins with the length of a number, so with a zero. */
function isDer(data: Buffer): boolean {
  return data[0] === 0x30
}

function pair(data: Buffer, bytes: number): Buffer {
  const reader = new SshReader(data)
  const both = Buffer.concat([reader.number(bytes), reader.number(bytes)])
  if (!reader.isAtEnd) throw new RangeError('more than two numbers')
  return both
}

const touched = 0x01

/**
 * A token signs what it was asked for by whom, that it was touched, and how often it has signed
 * (PROTOCOL.u2f of OpenSSH). Without a touch it could have been any program on the other side.
 */
function onToken(type: string, check: Check, application: Buffer): SshKey['verifies'] {
  const asker = sha256(application)
  return ({ algorithm, data, token }, message) => {
    if (algorithm !== type || token.length !== 5) return false
    if (((token[0] ?? 0) & touched) === 0) return false
    return check(data, Buffer.concat([asker, token, sha256(message)]))
  }
}

function sha256(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest()
}

/** Throws when the numbers are no key. */
function fromJwk(key: Record<string, string>): KeyObject {
  return createPublicKey({ key, format: 'jwk' })
}
