import { createHash } from 'node:crypto'
import { octets } from '#lib/der.ts'
import { keyPem, makeKey, selfSigned, toPem } from '#lib/x509.ts'

/** How a host can show that it is ours. */
export const challengeTypes = ['http-01', 'tls-alpn-01', 'dns-01'] as const
export type ChallengeType = (typeof challengeTypes)[number]

/** Where the answer of `http-01` is looked for. */
export function httpPath(token: string): string {
  return `/.well-known/acme-challenge/${token}`
}

/** The name whose TXT record `dns-01` reads; that of a wildcard is below its domain. */
export function dnsName(name: string): string {
  return `_acme-challenge.${name.replace(/^\*\./, '')}`
}

export function dnsValue(authorization: string): string {
  return createHash('sha256').update(authorization).digest('base64url')
}

const acmeIdentifier = '1.3.6.1.5.5.7.1.31'
const dayMs = 86_400_000

/** The certificate that answers `tls-alpn-01` (RFC 8737), and its key, in PEM. */
export async function tlsAnswer(
  name: string,
  authorization: string,
): Promise<{ readonly certificate: string; readonly key: string }> {
  const key = await makeKey()
  const digest = createHash('sha256').update(authorization).digest()
  const about = {
    subject: 'Slipway challenge',
    names: [name],
    from: new Date(Date.now() - dayMs),
    until: new Date(Date.now() + dayMs),
    extensions: [{ oid: acmeIdentifier, isCritical: true, content: octets(digest) }],
  }
  return { certificate: toPem('CERTIFICATE', selfSigned(about, key)), key: keyPem(key) }
}
