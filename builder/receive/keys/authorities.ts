import { readFile } from 'node:fs/promises'
import { SettingError } from '#lib/settings.ts'
import { parseSshKey, type SshKey } from '#lib/ssh-key.ts'

/** The keys whose certificates let users in: one public key a line. Throws SettingError. */
export async function readAuthorities(path: string | null): Promise<SshKey[]> {
  if (path === null) return []
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new SettingError(`SLIPWAY_SSH_USER_CA: ${path} cannot be read.`, { cause: error })
  })
  const lines = text.split('\n').map((line) => line.trim())
  return lines
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => keyIn(line, path))
}

function keyIn(line: string, path: string): SshKey {
  const key = parseSshKey(line)
  if (key !== null) return key
  throw new SettingError(`SLIPWAY_SSH_USER_CA: ${path} has a line that is no public key.`)
}
