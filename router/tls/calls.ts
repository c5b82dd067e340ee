import {
  getCertificateIds,
  getCertificatesDigest,
  putCertificates,
  putChallenges,
  removeCertificates,
} from '#contract/certificate.ts'
import { failure } from '#contract/error.ts'
import { ours } from '#router/admin/calls.ts'
import type { Call } from '#router/admin/calls.ts'
import { parseBody } from '#router/table/parse.ts'
import { rereadCertificates } from './endpoints.ts'
import type { Tls } from './tls.ts'

/** Workers read from the folder what the main process has written. */
const toAll = { merge: ours, isForServing: true }

/**
 * What the controller may ask about certificates. Workers are told after the process that keeps the
 * folder has written it.
 */
export function certificateCalls(tls: Tls): readonly Call[] {
  const digest = (): Promise<unknown> => Promise.resolve({ digest: tls.digest })
  return [
    { endpoint: getCertificatesDigest, answer: digest },
    { endpoint: getCertificateIds, answer: () => Promise.resolve({ ids: tls.ids }) },
    {
      endpoint: putCertificates,
      answer: async (body) => {
        const { certificates } = parseBody(putCertificates, body)
        for (const { id } of certificates) refuseStrange(id)
        await tls.put(certificates)
        return digest()
      },
      ...toAll,
    },
    {
      endpoint: removeCertificates,
      answer: async (body) => {
        await tls.remove(parseBody(removeCertificates, body).ids)
        return digest()
      },
      ...toAll,
    },
    {
      endpoint: putChallenges,
      answer: async (body) => {
        const { http, tls: handshakes } = parseBody(putChallenges, body)
        tls.challenges.replace(http, handshakes)
        return { count: tls.challenges.size }
      },
      present: () => (tls.challenges.present === null ? [] : [tls.challenges.present]),
      ...toAll,
    },
    {
      endpoint: rereadCertificates,
      answer: async () => {
        await tls.reread()
        return digest()
      },
      // A worker may have read the folder before the last ones came, and not been told yet.
      present: () => [{}],
      isKept: true,
    },
  ]
}

/** An id is the name of a file. */
function refuseStrange(id: string): void {
  if (!/^[0-9a-f]{32,64}$/.test(id))
    throw failure('INVALID_PARAMS', { reason: 'an id is no digest' })
}
