import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { addKey } from '#contract/account.ts'
import { createApp, getApp } from '#contract/app.ts'
import type { App } from '#contract/app.ts'
import { call } from '#contract/call.ts'
import { SlipwayError } from '#contract/error.ts'
import type { Administrator } from './administrator.ts'
import { git, sshWith } from './git.ts'
import { makeSshKey } from './keys.ts'
import { StartError } from './process.ts'
import { keyPath } from './settings.ts'
import type { Platform } from './settings.ts'

/** The app `hello`, made and pushed unless it runs already. Throws when the push is refused. */
export async function openSample(
  platform: Platform,
  { api }: Administrator,
  onOutput: (text: string) => void,
): Promise<App> {
  const app = await findOrCreate(api, 'hello')
  if (app.released_at !== null) return app
  const key = keyPath(platform, 'sample_ed25519')
  makeSshKey(key, 'slipway sample')
  await addKeys(api, [`${key}.pub`, ...ownKeys()])
  await push(platform, app, { key, onOutput })
  return app
}

async function findOrCreate(api: Administrator['api'], name: string): Promise<App> {
  try {
    return await call(api, getApp, { params: { app: name } })
  } catch (error) {
    if (!(error instanceof SlipwayError) || error.code !== 'APP_NOT_FOUND') throw error
    return await call(api, createApp, { body: { name } })
  }
}

/** The operator's own keys, so that the next push is theirs. */
function ownKeys(): string[] {
  const names = ['id_ed25519.pub', 'id_ed25519_sk.pub', 'id_rsa.pub']
  return names.map((name) => join(homedir(), '.ssh', name)).filter((path) => existsSync(path))
}

async function addKeys(api: Administrator['api'], paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    try {
      await call(api, addKey, { body: { public_key: readFileSync(path, 'utf8') } })
    } catch (error) {
      // One that is known already, or too weak, is no reason not to start.
      if (!(error instanceof SlipwayError)) throw error
    }
  }
}

async function push(
  platform: Platform,
  app: App,
  { key, onOutput }: { key: string; onOutput: (text: string) => void },
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-hello-'))
  try {
    cpSync(join(import.meta.dirname, '../../test/apps/hello'), folder, { recursive: true })
    const url = `ssh://git@127.0.0.1:${platform.sshPort}/${app.name}.git`
    await git(folder, ['init', '-q', '-b', 'main'])
    await git(folder, ['add', '.'])
    await git(folder, ['commit', '-q', '-m', 'The first page'])
    await git(folder, ['remote', 'add', 'deis', url])
    const env = sshWith(platform, key)
    const end = await git(folder, ['push', 'deis', 'main'], { env, onOutput })
    if (end.code !== 0) throw new StartError('error: The sample could not be pushed; see above.')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
