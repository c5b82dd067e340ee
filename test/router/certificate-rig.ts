import { createHash } from 'node:crypto'
import type { ServedCertificate } from '#contract/certificate.ts'
import { keyPem, makeKey, selfSigned, toPem } from '#lib/x509.ts'

const dayMs = 86_400_000

/** A certificate for these hosts, signed by itself. */
export async function madeFor(...hosts: string[]): Promise<ServedCertificate> {
  const key = await makeKey()
  const from = new Date(Date.now() - dayMs)
  const until = new Date(Date.now() + 60 * dayMs)
  const der = selfSigned({ subject: hosts[0] ?? '', names: hosts, from, until }, key)
  return {
    id: createHash('sha256').update(der).digest('hex').slice(0, 40),
    hosts,
    chain: toPem('CERTIFICATE', der),
    key: keyPem(key),
    issuer: `/CN=${hosts[0] ?? ''}`,
    not_after: until.toISOString(),
    automatic: true,
  }
}
