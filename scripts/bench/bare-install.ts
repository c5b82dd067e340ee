import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Platform } from '#scripts/platform/settings.ts'

/** `npm ci` and the app's own build, in a container of the stack that has no limits and no cache. */
export function installBare(platform: Platform, folder: string): void {
  const copy = mkdtempSync(join(tmpdir(), 'slipway-bare-'))
  try {
    cpSync(folder, copy, { recursive: true })
    execFileSync(
      'docker',
      ['run', '--rm', ...options(platform, copy), image, ...command(platform)],
      {
        stdio: 'ignore',
      },
    )
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

const image = 'slipway-12:build'

function options({ stateDir, env }: Platform, copy: string): string[] {
  const bundle = env['SLIPWAY_CA_BUNDLE']
  const registry = env['NPM_CONFIG_REGISTRY']
  return [
    '--workdir=/app',
    `--volume=${copy}:/app`,
    `--volume=${join(stateDir, 'builder/runtimes')}:/runtimes:ro`,
    ...(registry === undefined ? [] : ['--env', `NPM_CONFIG_REGISTRY=${registry}`]),
    ...(bundle === undefined ? [] : ['--volume', `${bundle}:/ca.pem:ro`]),
    ...(bundle === undefined ? [] : ['--env', 'NODE_EXTRA_CA_CERTS=/ca.pem']),
  ]
}

function command({ stateDir }: Platform): string[] {
  const [version = ''] = readdirSync(join(stateDir, 'builder/runtimes/node')).toReversed()
  const path = `/runtimes/node/${version}/bin:/usr/bin:/bin`
  return ['env', `PATH=${path}`, 'sh', '-c', 'npm ci && npm run build --if-present']
}
