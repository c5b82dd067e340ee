import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SettingError } from '#lib/settings.ts'

/** The secrets the builder needs; made on the host before it starts. */
export interface Keys {
  /** Private ed25519 key of the SSH server, as OpenSSH writes it. */
  readonly ssh: string
  /** What the platform's programs prove themselves to each other with. */
  readonly token: string
}

/** Throws SettingError when one is missing: making it up would change who we are. */
export async function readKeys(state: string): Promise<Keys> {
  return {
    ssh: await readKey(state, 'ssh_host_ed25519_key'),
    token: (await readKey(state, 'internal.token')).trim(),
  }
}

async function readKey(state: string, name: string): Promise<string> {
  const path = join(state, 'keys', name)
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const reason =
      (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'is missing' : 'is unreadable'
    throw new SettingError(`The key ${path} ${reason}; scripts/run makes it.`, { cause: error })
  }
}
