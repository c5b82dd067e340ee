import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import type { Config } from '#contract/app.ts'
import { SettingError } from '#lib/settings.ts'
import type { AppRow } from './store/tables.ts'

type App = Pick<AppRow, 'id' | 'data_key'>

/** Keeps config values, and private keys, from being read in the database file. */
export interface Vault {
  /** A fresh data key for an app, wrapped by the master key: what the row of the app keeps. */
  readonly newDataKey: (appId: string) => Uint8Array
  readonly seal: (app: App, config: Config) => Uint8Array
  /** Throws when it was sealed for another app, with another key, or was changed since. */
  readonly unseal: (app: App, sealed: Uint8Array) => Config
  /** Seals what belongs to the platform and not to an app; `place` says where it is kept. */
  readonly sealText: (place: string, text: string) => Uint8Array
  /** Throws when it was sealed for another place, with another key, or was changed since. */
  readonly unsealText: (place: string, sealed: Uint8Array) => string
}

const keyBytes = 32
const ivBytes = 12
const tagBytes = 16
/** First byte of everything sealed: the way it was sealed. */
const format = 1

/** @param masterKey 32 bytes in base64. Throws SettingError when it is not that. */
export function openVault(masterKey: string): Vault {
  const master = Buffer.from(masterKey, 'base64')
  if (master.length !== keyBytes) {
    throw new SettingError(
      'keys/master.key does not hold 32 bytes in base64; put back the right one.',
    )
  }
  const dataKey = ({ id, data_key }: App): Buffer => decrypt(master, data_key, `data-key:${id}`)
  return {
    newDataKey: (appId) => encrypt(master, randomBytes(keyBytes), `data-key:${appId}`),
    seal: (app, config) =>
      encrypt(dataKey(app), Buffer.from(JSON.stringify(config)), `config:${app.id}`),
    unseal: (app, sealed) =>
      JSON.parse(decrypt(dataKey(app), sealed, `config:${app.id}`).toString()) as Config,
    sealText: (place, text) => encrypt(master, Buffer.from(text), `text:${place}`),
    unsealText: (place, sealed) => decrypt(master, sealed, `text:${place}`).toString(),
  }
}

/** AES-256-GCM: format, IV, tag, text. `context` is authenticated with it, not kept. */
function encrypt(key: Buffer, text: Buffer, context: string): Uint8Array {
  const iv = randomBytes(ivBytes)
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(context))
  const sealed = Buffer.concat([cipher.update(text), cipher.final()])
  return Buffer.concat([Buffer.of(format), iv, cipher.getAuthTag(), sealed])
}

function decrypt(key: Buffer, sealed: Uint8Array, context: string): Buffer {
  const bytes = Buffer.from(sealed)
  if (bytes[0] !== format) throw new RangeError('Not sealed in a way this version knows.')
  const iv = bytes.subarray(1, 1 + ivBytes)
  const tag = bytes.subarray(1 + ivBytes, 1 + ivBytes + tagBytes)
  const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: tagBytes })
  decipher.setAAD(Buffer.from(context)).setAuthTag(tag)
  return Buffer.concat([decipher.update(bytes.subarray(1 + ivBytes + tagBytes)), decipher.final()])
}
