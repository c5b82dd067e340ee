import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { writeDurably } from '#lib/durable.ts'
import { keyPath } from './settings.ts'
import type { Platform } from './settings.ts'

/** Makes the keys that are not there yet, 0600 each. Those that are stay as they are, for good. */
export async function makeKeys(platform: Platform): Promise<void> {
  mkdirSync(join(platform.stateDir, 'keys'), { recursive: true, mode: 0o700 })
  makeSshKey(keyPath(platform, 'ssh_host_ed25519_key'), 'slipway host key')
  await makeSecret(keyPath(platform, 'master.key'), randomBytes(32).toString('base64'))
  await makeSecret(keyPath(platform, 'internal.token'), randomBytes(32).toString('hex'))
  await makeSecret(keyPath(platform, 'setup.secret'), randomBytes(24).toString('base64url'))
}

async function makeSecret(path: string, secret: string): Promise<void> {
  if (!existsSync(path)) await writeDurably(path, `${secret}\n`)
}

/** An Ed25519 pair at `path` and `path`.pub, without a passphrase. */
export function makeSshKey(path: string, comment: string): void {
  if (existsSync(path)) return
  const aside = `${path}.new`
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', comment, '-f', aside])
  renameSync(`${aside}.pub`, `${path}.pub`)
  renameSync(aside, path)
}
