import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { removeFirewall } from '#driver/docker/firewall.ts'
import { ours, stop } from './stop.ts'
import type { Platform } from './settings.ts'

/**
 * Removes from the engine and the host all that this platform made there, by its label, and nothing
 * else. The state folder (database, repositories, keys) goes too when DATA=remove says so.
 */
export async function clean(platform: Platform): Promise<void> {
  await stop(platform)
  remove(['rm', '--force', '--volumes'], ours(platform, ['ps', '--all', '--quiet']))
  remove(['network', 'rm'], ours(platform, ['network', 'ls', '--quiet']))
  remove(['rmi', '--force'], ours(platform, ['images', '--quiet', '--no-trunc']))
  unmountAll(platform.stateDir)
  await removeFirewall(platform.instance, AbortSignal.timeout(30_000))
  if (platform.env['DATA'] === 'remove') {
    rmSync(platform.stateDir, { recursive: true, force: true })
    console.error(`-----> Removed, with ${platform.stateDir}`)
  } else {
    console.error(`-----> Removed. ${platform.stateDir} stays; \`make clean DATA=remove\` removes it too`)
  }
}

function remove(command: readonly string[], ids: readonly string[]): void {
  if (ids.length > 0) execFileSync('docker', [...command, ...ids], { stdio: 'ignore' })
}

/** Mounts below the state folder, the last made first. */
function unmountAll(stateDir: string): void {
  const points = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((point) => point.startsWith(`${stateDir}/`))
  for (const point of points.reverse()) execFileSync('umount', ['--lazy', point])
}
