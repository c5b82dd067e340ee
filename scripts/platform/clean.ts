import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { openDocker } from '#driver/docker/docker.ts'
import { openLog } from '#lib/log.ts'
import { stop } from './stop.ts'
import type { Platform } from './settings.ts'

/**
 * Removes from the engine and the host all that this platform made there, by its label, and nothing
 * else. The state folder (database, repositories, keys) goes too when DATA=remove says so.
 */
export async function clean(platform: Platform): Promise<void> {
  await uninstall(platform)
  removeStack()
  if (platform.env['DATA'] === 'remove') {
    rmSync(platform.stateDir, { recursive: true, force: true })
    console.error(`-----> Removed, with ${platform.stateDir}`)
  } else {
    console.error(
      `-----> Removed. ${platform.stateDir} stays; \`make clean DATA=remove\` removes it too`,
    )
  }
}

/** All of one platform but the stack, which platforms on one engine share. */
export async function uninstall(platform: Platform): Promise<void> {
  await stop(platform)
  const { stateDir, instance } = platform
  const docker = await openDocker({
    instance,
    runDir: join(stateDir, 'run'),
    runtimesDir: join(stateDir, 'builder/runtimes'),
    routerPorts: [],
    log: openLog('clean'),
  })
  await docker.uninstall(AbortSignal.timeout(120_000))
}

/** An image that another platform's app runs from stays. */
function removeStack(): void {
  const listing = ['images', '--quiet', '--no-trunc', '--filter', 'label=slipway.stack']
  const ids = execFileSync('docker', listing, { encoding: 'utf8' }).split('\n').filter(Boolean)
  for (const id of new Set(ids)) {
    try {
      execFileSync('docker', ['rmi', '--force', id], { stdio: 'ignore' })
    } catch {
      console.error(`       ${id.slice(7, 19)} is in use and stays`)
    }
  }
}
