import { spawn } from 'node:child_process'
import { join } from 'node:path'
import type { TestPlatform } from './harness.ts'
import { apiUrl } from '#scripts/platform/settings.ts'

export interface CommandEnd {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs the real `app` command as the administrator of a test platform. */
export function appCommand(
  { platform, admin }: TestPlatform,
  args: readonly string[],
  input = '',
): Promise<CommandEnd> {
  const child = spawn(join(import.meta.dirname, '../../bin/app'), args, {
    env: { ...process.env, DEIS_URL: apiUrl(platform), DEIS_TOKEN: admin.api.token },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const text = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text.stdout += chunk))
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (text.stderr += chunk))
  child.stdin.on('error', () => undefined).end(input)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve({ code: code ?? 130, ...text }))
  })
}
