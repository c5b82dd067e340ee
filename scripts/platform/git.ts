import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { keyPath } from './settings.ts'
import type { Platform } from './settings.ts'

/** How a git command ended, with all it printed. */
export interface GitEnd {
  readonly code: number
  readonly output: string
}

/**
 * Runs the real git client in a folder, as a person would who has this SSH key. Output is handed on
 * as it comes.
 */
export function git(
  folder: string,
  args: readonly string[],
  { env = {}, onOutput }: { env?: Record<string, string>; onOutput?: (text: string) => void } = {},
): Promise<GitEnd> {
  const child = spawn('git', args, {
    cwd: folder,
    env: { ...process.env, ...author, GIT_TERMINAL_PROMPT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
      onOutput?.(text)
    })
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve({ code: code ?? 1, output }))
  })
}

const author = {
  GIT_AUTHOR_NAME: 'Slipway',
  GIT_AUTHOR_EMAIL: 'slipway@localhost',
  GIT_COMMITTER_NAME: 'Slipway',
  GIT_COMMITTER_EMAIL: 'slipway@localhost',
}

/** Environment that makes git's ssh use exactly this key and trust exactly this platform's host key. */
export function sshWith(platform: Platform, key: string): Record<string, string> {
  const knownHosts = join(platform.stateDir, 'keys', 'known_hosts')
  const hostKey = readFileSync(keyPath(platform, 'ssh_host_ed25519_key.pub'), 'utf8')
  const [type, body] = hostKey.split(' ')
  writeFileSync(knownHosts, `* ${type} ${body}\n`, { mode: 0o600 })
  const options = [
    ['IdentitiesOnly', 'yes'],
    ['IdentityAgent', 'none'],
    ['UserKnownHostsFile', quote(knownHosts)],
    ['GlobalKnownHostsFile', '/dev/null'],
    ['StrictHostKeyChecking', 'yes'],
  ].map(([name, value]) => `-o ${name}=${value}`)
  return { GIT_SSH_COMMAND: `ssh -F none -i ${quote(key)} ${options.join(' ')}` }
}

/** git hands GIT_SSH_COMMAND to a shell; the paths are the operator's own. */
function quote(path: string): string {
  return `'${path.replaceAll("'", "'\\''")}'`
}
