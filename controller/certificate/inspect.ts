import { createHash, createPrivateKey, X509Certificate } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import type { CertificateRow } from '#controller/store/tables.ts'

/** What a chain and its key are, checked; the key is PKCS#8 in PEM, not sealed yet. */
export interface Inspected extends Pick<
  CertificateRow,
  'chain' | 'digest' | 'subject' | 'issuer' | 'self_signed' | 'starts_at' | 'expires_at'
> {
  readonly names: readonly string[]
  readonly key: string
}

/** Something is wrong with a certificate or its key; the message is half a sentence. */
export class CertificateFault extends Error {
  override readonly name = 'CertificateFault'
}

const chainLimit = 10
const leastRsaBits = 2048
const curves = ['prime256v1', 'secp384r1', 'secp521r1']

/** Throws CertificateFault with the first thing that is wrong. */
export function inspect(
  pair: { readonly chain: string; readonly key: string },
  now: Date,
): Inspected {
  const chain = readChain(pair.chain)
  const [first] = chain
  if (first === undefined) throw new CertificateFault('the chain holds no certificate in PEM')
  const key = readKey(pair.key)
  refuseOrder(chain, key)
  refuseTimes(first, now)
  const names = namesIn(first)
  if (names.length === 0) throw new CertificateFault('it names no host (subjectAltName)')
  const pem = chain.map((one) => one.toString()).join('')
  const keyPem = key.export({ type: 'pkcs8', format: 'pem' }).toString()
  refuseUnusable(pem, keyPem)
  return {
    names,
    chain: pem,
    key: keyPem,
    digest: createHash('sha256').update(pem).digest('hex'),
    subject: oneLine(first.subject),
    issuer: oneLine(first.issuer),
    self_signed: first.checkIssued(first) ? 1 : 0,
    starts_at: first.validFromDate.toISOString(),
    expires_at: first.validToDate.toISOString(),
  }
}

function readChain(text: string): X509Certificate[] {
  if (text.includes('PRIVATE KEY')) {
    throw new CertificateFault(
      'the file of the certificate holds a private key; they are given apart',
    )
  }
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  if (blocks.length > chainLimit) {
    throw new CertificateFault(
      `the chain holds ${blocks.length} certificates, at most ${chainLimit} may be`,
    )
  }
  return blocks.map((block, index) => {
    try {
      return new X509Certificate(block)
    } catch {
      throw new CertificateFault(`certificate ${index + 1} of the chain cannot be read`)
    }
  })
}

function readKey(text: string): KeyObject {
  if (/ENCRYPTED/.test(text)) {
    throw new CertificateFault('the private key has a passphrase; take it off first')
  }
  let key: KeyObject
  try {
    key = createPrivateKey(text)
  } catch {
    throw new CertificateFault('the private key cannot be read; it must be in PEM')
  }
  refuseWeak(key)
  return key
}

function refuseWeak({ asymmetricKeyType, asymmetricKeyDetails: details }: KeyObject): void {
  if (asymmetricKeyType === 'rsa') {
    const bits = details?.modulusLength ?? 0
    if (bits >= leastRsaBits) return
    throw new CertificateFault(`its RSA key has ${bits} bits, at least ${leastRsaBits} are needed`)
  }
  const isCommon = asymmetricKeyType === 'ec' && curves.includes(details?.namedCurve ?? '')
  if (!isCommon) {
    throw new CertificateFault('browsers take RSA and ECDSA (P-256, P-384, P-521) keys only')
  }
}

function refuseOrder(chain: readonly X509Certificate[], key: KeyObject): void {
  const owner = chain.findIndex((one) => one.checkPrivateKey(key))
  if (owner === -1) throw new CertificateFault('the private key does not belong to it')
  if (owner > 0) {
    throw new CertificateFault(
      `the chain is in the wrong order: certificate ${owner + 1} comes first`,
    )
  }
  for (const [index, one] of chain.entries()) {
    const next = chain[index + 1]
    if (next === undefined || (one.checkIssued(next) && one.verify(next.publicKey))) continue
    throw new CertificateFault(
      `the chain is in the wrong order: certificate ${index + 1} was not signed by certificate ${index + 2}`,
    )
  }
}

function refuseTimes({ validFromDate, validToDate }: X509Certificate, now: Date): void {
  const day = (at: Date): string => at.toISOString().slice(0, 10)
  if (validToDate <= now) throw new CertificateFault(`it expired on ${day(validToDate)}`)
  if (validFromDate > now)
    throw new CertificateFault(`it is good only from ${day(validFromDate)} on`)
}

/** Lower case. */
function namesIn({ subjectAltName = '' }: X509Certificate): string[] {
  const names = [...subjectAltName.matchAll(/DNS:([^\s,"]+)/g)].map(([, name = '']) => name)
  return [...new Set(names.map((name) => name.toLowerCase()))]
}

function refuseUnusable(cert: string, key: string): void {
  try {
    createSecureContext({ cert, key })
  } catch (error) {
    const { reason } = error as { reason?: string }
    throw new CertificateFault(`OpenSSL does not take it (${reason ?? String(error)})`, {
      cause: error,
    })
  }
}

/** `/C=US/O=Example/CN=shop.example.org` */
function oneLine(name: string | undefined): string {
  return (name ?? '')
    .split('\n')
    .filter((part) => part !== '')
    .map((part) => `/${part}`)
    .join('')
}
