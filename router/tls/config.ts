import { join } from 'node:path'
import { integer, SettingError, text } from '#lib/settings.ts'
import type { Environment } from '#lib/settings.ts'

/** How the router keeps and uses certificates. */
export interface TlsConfig {
  /** Where they lie; ours alone. */
  readonly folder: string
  /** Hosts whose certificates are held ready at the same time. */
  readonly contexts: number
  /** Hosts without a certificate get one of our own making for this domain; null: they get none. */
  readonly selfSignedFor: string | null
}

/** Throws SettingError. */
export function readTlsConfig(env: Environment): TlsConfig {
  const wanted = text(env, 'SLIPWAY_TLS_DEFAULT', 'none')
  if (!['none', 'self-signed'].includes(wanted)) {
    throw new SettingError(`SLIPWAY_TLS_DEFAULT must be none or self-signed, not "${wanted}".`)
  }
  const domain = text(env, 'SLIPWAY_DOMAIN', 'localhost').toLowerCase()
  return {
    folder: join(text(env, 'SLIPWAY_STATE', '/var/lib/slipway'), 'router', 'certificates'),
    contexts: integer(env, 'SLIPWAY_TLS_CONTEXTS', 1000),
    selfSignedFor: wanted === 'self-signed' ? domain : null,
  }
}
