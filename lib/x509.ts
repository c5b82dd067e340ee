import { createPublicKey, generateKeyPair, randomBytes, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import {
  bits,
  boolean,
  integer,
  octets,
  oid,
  sequence,
  set,
  tagged,
  time,
  untagged,
  utf8,
} from './der.ts'

const oids = {
  commonName: '2.5.4.3',
  subjectAltName: '2.5.29.17',
  extensionRequest: '1.2.840.113549.1.9.14',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
} as const

/** An extension of a certificate; `content` is its value in DER. */
interface Extension {
  readonly oid: string
  readonly isCritical: boolean
  readonly content: Buffer
}

/** A private key as certificates of today have it: ECDSA on P-256. */
export async function makeKey(): Promise<KeyObject> {
  const { privateKey } = await promisify(generateKeyPair)('ec', { namedCurve: 'P-256' })
  return privateKey
}

/** PKCS#8, in PEM. */
export function keyPem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString()
}

export function toPem(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n')
}

/** A request for a certificate of these host names (PKCS #10, RFC 2986), without a subject. */
export function certificateRequest(names: readonly string[], key: KeyObject): Buffer {
  const extensions = set(extensionList([altNames(names)]))
  const attributes = tagged(0, sequence(oid(oids.extensionRequest), extensions))
  const version = integer(Buffer.of(0))
  return signed(sequence(version, sequence(), publicPart(key), attributes), key)
}

export interface SelfSigned {
  /** Common name of subject and issuer. */
  readonly subject: string
  readonly names: readonly string[]
  readonly from: Date
  readonly until: Date
  readonly extensions?: readonly Extension[]
}

/** A certificate (RFC 5280, version 3) that its own key has signed. */
export function selfSigned(about: SelfSigned, key: KeyObject): Buffer {
  const name = sequence(set(sequence(oid(oids.commonName), utf8(about.subject))))
  const extensions = [altNames(about.names), ...(about.extensions ?? [])]
  const content = sequence(
    tagged(0, integer(Buffer.of(2))),
    integer(randomBytes(16)),
    sequence(oid(oids.ecdsaWithSha256)),
    name,
    sequence(time(about.from), time(about.until)),
    name,
    publicPart(key),
    tagged(3, extensionList(extensions)),
  )
  return signed(content, key)
}

function altNames(names: readonly string[]): Extension {
  const entries = names.map((name) => untagged(2, Buffer.from(name, 'latin1')))
  return { oid: oids.subjectAltName, isCritical: false, content: sequence(...entries) }
}

function extensionList(extensions: readonly Extension[]): Buffer {
  const entries = extensions.map(({ oid: id, isCritical, content }) =>
    sequence(oid(id), ...(isCritical ? [boolean(true)] : []), octets(content)),
  )
  return sequence(...entries)
}

function publicPart(key: KeyObject): Buffer {
  return createPublicKey(key).export({ type: 'spki', format: 'der' })
}

function signed(content: Buffer, key: KeyObject): Buffer {
  const signature = sign('sha256', content, key)
  return sequence(content, sequence(oid(oids.ecdsaWithSha256)), bits(signature))
}
