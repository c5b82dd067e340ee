import { type Static, Type } from 'typebox'
import { App } from './app.ts'
import { endpoint } from './endpoint.ts'
import { Time, Uuid } from './grammar.ts'

/** A certificate as its owner sees it. The private key is never in an answer. */
export const SniEndpoint = Type.Object({
  id: Uuid,
  name: Type.String(),
  display_name: Type.Null(),
  app: Type.Object({ id: Uuid, name: Type.String() }),
  /** PEM, the certificate itself first. */
  certificate_chain: Type.String(),
  /** Hosts of the app it is used for. */
  domains: Type.Array(Type.String()),
  ssl_cert: Type.Object({
    id: Uuid,
    /** We asked an authority for it; else somebody brought it. */
    acm: Type.Boolean(),
    'ca_signed?': Type.Boolean(),
    'self_signed?': Type.Boolean(),
    /** The names in it. */
    cert_domains: Type.Array(Type.String()),
    issuer: Type.String(),
    subject: Type.String(),
    starts_at: Time,
    expires_at: Time,
  }),
  created_at: Time,
  updated_at: Time,
})
export type SniEndpoint = Static<typeof SniEndpoint>

const Pair = Type.Object({
  /** PEM: the certificate, then those that signed it, in order. */
  certificate_chain: Type.String({ maxLength: 65_536 }),
  /** PEM, without a passphrase. */
  private_key: Type.String({ maxLength: 16_384 }),
})

export const listSniEndpoints = endpoint({
  method: 'GET',
  path: '/apps/:app/sni-endpoints',
  summary: 'The certificates of an app, its own and automatic ones.',
  allow: 'app',
  reply: Type.Array(SniEndpoint),
  errors: ['APP_NOT_FOUND'],
})

export const addSniEndpoint = endpoint({
  method: 'POST',
  path: '/apps/:app/sni-endpoints',
  summary: 'Add a certificate of your own; it is used at once.',
  allow: 'app',
  status: 201,
  body: Pair,
  reply: SniEndpoint,
  errors: ['APP_NOT_FOUND', 'CERTIFICATE_INVALID', 'CERTIFICATES_FULL'],
})

export const getSniEndpoint = endpoint({
  method: 'GET',
  path: '/apps/:app/sni-endpoints/:certificate',
  summary: 'One certificate, by name or id.',
  allow: 'app',
  reply: SniEndpoint,
  errors: ['APP_NOT_FOUND', 'CERTIFICATE_NOT_FOUND'],
})

/** As removing one and adding another, with no moment in between. */
export const updateSniEndpoint = endpoint({
  method: 'PATCH',
  path: '/apps/:app/sni-endpoints/:certificate',
  summary: 'Put another certificate of your own in the place of one.',
  allow: 'app',
  body: Pair,
  reply: SniEndpoint,
  errors: [
    'APP_NOT_FOUND',
    'CERTIFICATE_NOT_FOUND',
    'CERTIFICATE_AUTOMATIC',
    'CERTIFICATE_INVALID',
  ],
})

export const removeSniEndpoint = endpoint({
  method: 'DELETE',
  path: '/apps/:app/sni-endpoints/:certificate',
  summary: 'Remove a certificate of your own.',
  allow: 'app',
  reply: SniEndpoint,
  errors: ['APP_NOT_FOUND', 'CERTIFICATE_NOT_FOUND', 'CERTIFICATE_AUTOMATIC'],
})

/** How a host of the app stands with automatic certificates. */
const AutomaticName = Type.Object({
  hostname: Type.String(),
  /**
   * `ok`: has an automatic certificate. `own`: has one that somebody brought. `pending`: is asked
   * for. `failing`: could not be had; the old one, if any, is used. `none`: none is asked for.
   */
  acm_status: Type.String(),
  /** Why it is failing or none, in one sentence. */
  acm_status_reason: Type.Union([Type.String(), Type.Null()]),
  expires_at: Type.Union([Time, Type.Null()]),
  /** When it is asked for again. */
  next_at: Type.Union([Time, Type.Null()]),
})
export type AutomaticName = Static<typeof AutomaticName>

export const AutomaticCertificates = Type.Object({
  /** The app wants them. */
  acm: Type.Boolean(),
  /** The platform can make them. */
  available: Type.Boolean(),
  domains: Type.Array(AutomaticName),
})
export type AutomaticCertificates = Static<typeof AutomaticCertificates>

export const getAutomatic = endpoint({
  method: 'GET',
  path: '/apps/:app/acm',
  summary: 'How the automatic certificates of an app stand.',
  allow: 'app',
  reply: AutomaticCertificates,
  errors: ['APP_NOT_FOUND'],
})

export const enableAutomatic = endpoint({
  method: 'POST',
  path: '/apps/:app/acm',
  summary:
    'Make certificates for the domains of an app; names that failed are tried again at once.',
  allow: 'app',
  reply: App,
  errors: ['APP_NOT_FOUND', 'ACME_OFF'],
})

export const disableAutomatic = endpoint({
  method: 'DELETE',
  path: '/apps/:app/acm',
  summary: 'Make and use no automatic certificates for an app.',
  allow: 'app',
  reply: App,
  errors: ['APP_NOT_FOUND'],
})
