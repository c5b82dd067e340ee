import { X509Certificate } from 'node:crypto'
import { readValues } from '#lib/der.ts'
import type { DerValue } from '#lib/der.ts'
import type { AcmeClient } from './client.ts'

/** When an authority wants a certificate renewed (RFC 9773). */
export interface RenewalWindow {
  readonly start: Date
  readonly end: Date
  /** How long until it should be asked again. */
  readonly waitMs: number
}

const usualWaitMs = 6 * 3_600_000
const leastWaitMs = 60_000
const mostWaitMs = 86_400_000

/** Null: this authority has no wish, or not for this certificate. */
export async function renewalWindow(
  client: AcmeClient,
  chain: string,
  signal: AbortSignal,
): Promise<RenewalWindow | null> {
  const { renewalInfo } = await client.directory(signal)
  const id = renewalId(chain)
  if (renewalInfo === undefined || id === null) return null
  const { body, waitMs = usualWaitMs } = await client.get<{
    suggestedWindow?: { start?: string; end?: string }
  }>(`${renewalInfo}/${id}`, signal)
  const start = new Date(body.suggestedWindow?.start ?? '')
  const end = new Date(body.suggestedWindow?.end ?? '')
  if (!(start.getTime() <= end.getTime())) return null
  return { start, end, waitMs: Math.min(Math.max(waitMs, leastWaitMs), mostWaitMs) }
}

/** What a certificate is called there: who signed it, and its number; null where it does not say. */
export function renewalId(chain: string): string | null {
  const [content] = readValues(readValues(new X509Certificate(chain).raw)[0]?.content ?? none)
  const fields = readValues(content?.content ?? none)
  const serial = fields.find(({ tag }) => tag === 0x02)?.content
  const extensions = fields.find(({ tag }) => tag === 0xa3)?.content
  const keyId = extensions === undefined ? null : authorityKeyId(extensions)
  if (serial === undefined || keyId === null) return null
  return `${keyId.toString('base64url')}.${serial.toString('base64url')}`
}

const none = Buffer.alloc(0)
const authorityKeyIdentifier = Buffer.from('551d23', 'hex')

function authorityKeyId(extensions: Buffer): Buffer | null {
  for (const extension of inside(readValues(extensions)[0])) {
    const [id, ...rest] = inside(extension)
    if (id === undefined || !authorityKeyIdentifier.equals(id.content)) continue
    const [identifier] = readValues(rest.at(-1)?.content ?? none)
    return inside(identifier).find(({ tag }) => tag === 0x80)?.content ?? null
  }
  return null
}

function inside(value: DerValue | undefined): DerValue[] {
  return readValues(value?.content ?? none)
}
