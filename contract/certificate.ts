import { type Static, Type } from 'typebox'
import { endpoint } from './endpoint.ts'

/** What the controller tells the router about certificates and challenges. */

/** A certificate, and the hosts the router may answer for with it. */
export const ServedCertificate = Type.Object({
  /** Digest of the chain and the hosts: who has this id has all of it. Hex. */
  id: Type.String(),
  /** Lower case; `*.example.org` is every name with exactly one label more. No two share one. */
  hosts: Type.Array(Type.String()),
  /** PEM, the host's own certificate first. */
  chain: Type.String(),
  /** PKCS#8, in PEM. */
  key: Type.String(),
  issuer: Type.String(),
  /** RFC 3339, UTC. */
  not_after: Type.String(),
  /** We asked an authority for it; else somebody brought it. */
  automatic: Type.Boolean(),
})
export type ServedCertificate = Static<typeof ServedCertificate>

/** SHA-256, in hex, of the ids in order, one per line: tells whether two have the same certificates. */
const Digest = Type.Object({ digest: Type.String() })

export const getCertificatesDigest = endpoint({
  method: 'GET',
  path: '/certificates/digest',
  summary: 'A digest of the certificates the router has.',
  allow: 'controller',
  reply: Digest,
})

export const getCertificateIds = endpoint({
  method: 'GET',
  path: '/certificates',
  summary: 'The ids of the certificates the router has.',
  allow: 'controller',
  reply: Type.Object({ ids: Type.Array(Type.String()) }),
})

/** They are on the router's disk, and served, when this answers. The newest one of a host is used. */
export const putCertificates = endpoint({
  method: 'PUT',
  path: '/certificates',
  summary: 'Give the router certificates.',
  allow: 'controller',
  body: Type.Object({ certificates: Type.Array(ServedCertificate) }),
  reply: Digest,
})

export const removeCertificates = endpoint({
  method: 'DELETE',
  path: '/certificates',
  summary: 'Take certificates from the router.',
  allow: 'controller',
  body: Type.Object({ ids: Type.Array(Type.String()) }),
  reply: Digest,
})

/** A request for `/.well-known/acme-challenge/TOKEN` that the router answers itself, before all rules. */
const HttpChallenge = Type.Object({
  host: Type.String(),
  token: Type.String(),
  answer: Type.String(),
})
export type HttpChallenge = Static<typeof HttpChallenge>

/** A handshake for a host with the protocol `acme-tls/1` (RFC 8737). */
const TlsChallenge = Type.Object({
  host: Type.String(),
  /** PEM. */
  certificate: Type.String(),
  key: Type.String(),
})
export type TlsChallenge = Static<typeof TlsChallenge>

/** All there are, in the place of those before. They are not kept on the disk. */
export const putChallenges = endpoint({
  method: 'PUT',
  path: '/challenges',
  summary: 'Say which challenges the router answers.',
  allow: 'controller',
  body: Type.Object({ http: Type.Array(HttpChallenge), tls: Type.Array(TlsChallenge) }),
  reply: Type.Object({ count: Type.Integer() }),
})
