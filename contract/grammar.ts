import { Type } from 'typebox'

/** 3 to 30 of a-z, 0-9 and -; the first label of the app's host name. */
const appNamePattern = '^[a-z][a-z0-9-]{1,28}[a-z0-9]$'
/** A config var: a name any shell can export. PORT and SLIPWAY_* are ours (checked beside it). */
const configKeyPattern = '^[A-Za-z_][A-Za-z0-9_]{0,127}$'
/** A process type of a Procfile. */
export const processTypePattern = '^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$'
export const uuidPattern = '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$'
/** The config of an app in all: the environment of a process must fit into what the kernel hands to it. */
export const configLimitBytes = 128 * 1024
/** The full name of a git object: SHA-1 or SHA-256 in hex. */
export const objectIdPattern = '^([0-9a-f]{40}|[0-9a-f]{64})$'

export const Uuid = Type.String({ pattern: uuidPattern })
export const ObjectId = Type.String({ pattern: objectIdPattern })
/** RFC 3339, UTC. */
export const Time = Type.String()

export function isAppName(name: string): boolean {
  return new RegExp(appNamePattern).test(name) && !name.includes('--')
}

/** Bytes a config takes in the environment of a process. */
export function configBytes(config: Readonly<Record<string, string>>): number {
  const texts = Object.entries(config).map(([key, value]) => `${key}=${value}\0`)
  return new TextEncoder().encode(texts.join('')).length
}

export function isConfigKey(key: string): boolean {
  return new RegExp(configKeyPattern).test(key) && key !== 'PORT' && !key.startsWith('SLIPWAY_')
}
