import { createHash } from 'node:crypto'
import { call } from '#contract/call.ts'
import {
  getCertificateIds,
  getCertificatesDigest,
  putCertificates,
  removeCertificates,
} from '#contract/certificate.ts'
import type { ServedCertificate } from '#contract/certificate.ts'
import { certificateById } from '#controller/store/certificates.ts'
import type { CertificateDeps } from './deps.ts'
import { placeOf } from './deps.ts'
import { Seen } from './seen.ts'
import { serving } from './serving.ts'
import type { Serving } from './serving.ts'
import { readWorld } from './world.ts'

const answerMs = 30_000
/** Of one call: the router writes each to its disk before it answers. */
const atOnce = 50

/** What the router had when it had all. */
interface Published {
  readonly seen: Seen
  digest: string | null
}

/** Keeps in mind what was published last; see `publish`. */
export function openPublisher(deps: CertificateDeps): (signal: AbortSignal) => Promise<void> {
  const last: Published = { seen: new Seen(), digest: null }
  return (signal) => publish(deps, last, signal)
}

/**
 * Gives the router the certificates it lacks, and takes from it those nobody uses any more; new ones
 * first, so that no host is without. Throws when the router is down.
 */
async function publish(deps: CertificateDeps, last: Published, signal: AbortSignal): Promise<void> {
  const late = (): AbortSignal => AbortSignal.any([signal, AbortSignal.timeout(answerMs)])
  const { digest } = await call(deps.router, getCertificatesDigest, { signal: late() })
  const generation = await last.seen.next(deps.db, deps.now())
  if (generation === null && digest === last.digest) return
  const wanted = serving(await readWorld(deps.db), deps.now())
  last.digest = digestOf(wanted)
  if (generation !== null) last.seen.keep(generation, deps.now())
  if (digest === last.digest) return
  const { ids } = await call(deps.router, getCertificateIds, { signal: late() })
  const present = new Set(ids)
  const missing = wanted.filter(({ id }) => !present.has(id))
  for (let at = 0; at < missing.length; at += atOnce) {
    const certificates = await contentOf(deps, missing.slice(at, at + atOnce))
    await call(deps.router, putCertificates, { body: { certificates }, signal: late() })
  }
  const used = new Set(wanted.map(({ id }) => id))
  const gone = ids.filter((id) => !used.has(id))
  if (gone.length === 0) return
  await call(deps.router, removeCertificates, { body: { ids: gone }, signal: late() })
}

function digestOf(wanted: readonly Serving[]): string {
  const ids = wanted.map(({ id }) => id).toSorted()
  return createHash('sha256').update(ids.join('\n')).digest('hex')
}

/** What was removed since it was decided on is left out; the next pass decides anew. */
async function contentOf(
  { db, vault }: CertificateDeps,
  wanted: readonly Serving[],
): Promise<ServedCertificate[]> {
  const content: ServedCertificate[] = []
  for (const { id, certificate, hosts } of wanted) {
    const row = await certificateById(db, certificate.id)
    if (row === undefined) continue
    content.push({
      id,
      hosts: [...hosts],
      chain: row.chain,
      key: vault.unsealText(placeOf(row.id), row.key),
      issuer: row.issuer,
      not_after: row.expires_at,
      automatic: row.name !== null,
    })
  }
  return content
}
