import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { SecureContext } from 'node:tls'
import { writeDurably } from '#lib/durable.ts'
import { keyPem, makeKey, selfSigned, toPem } from '#lib/x509.ts'
import { contextOf } from './handshake.ts'

const dayMs = 86_400_000
/** Longer ones are refused by some clients, whatever they are told to trust. */
const lifeDays = 397
const leastDaysLeft = 30

/**
 * A certificate that we signed ourselves for the platform's own domain and the names below it: what
 * hosts without one get, where the operator wants that more than a refused handshake.
 */
export async function openFallback(folder: string, domain: string): Promise<SecureContext> {
  const path = join(folder, 'self-signed.pem')
  const names = [domain, `*.${domain}`]
  const found = await readFile(path, 'utf8').catch(() => '')
  if (isGood(found, domain)) return contextOf({ cert: found, key: found })
  const pem = await make(names)
  await writeDurably(path, pem)
  return contextOf({ cert: pem, key: pem })
}

async function make(names: readonly string[]): Promise<string> {
  const key = await makeKey()
  const from = new Date(Date.now() - dayMs)
  const until = new Date(from.getTime() + lifeDays * dayMs)
  const certificate = selfSigned({ subject: 'Slipway, self-signed', names, from, until }, key)
  return toPem('CERTIFICATE', certificate) + keyPem(key)
}

function isGood(pem: string, domain: string): boolean {
  try {
    const certificate = new X509Certificate(pem)
    const leftMs = Date.parse(certificate.validTo) - Date.now()
    return certificate.checkHost(domain) !== undefined && leftMs > leastDaysLeft * dayMs
  } catch {
    return false
  }
}
