import { join } from 'node:path'
import { openAdministrator } from './administrator.ts'
import { makeKeys } from './keys.ts'
import { StartError } from './process.ts'
import { openSample } from './sample.ts'
import type { Platform } from './settings.ts'
import { supervise } from './supervise.ts'
import type { Supervisor } from './supervise.ts'
import { becomeSupervisor, runningSupervisor } from './supervisor-pid.ts'
import { upgradeSignal, upgradeWhenTold } from './upgrade.ts'

/** Starts everything, has the sample running, prints its address and stays until Ctrl-C. */
export async function run(platform: Platform): Promise<void> {
  const startedAt = Date.now()
  await makeKeys(platform)
  let supervisor: Supervisor | null = null
  process.on(upgradeSignal, () => void upgradeWhenTold(platform, () => supervisor))
  refuseSecond(platform)
  say(`Starting controller, builder and router (state in ${platform.stateDir})`)
  const told = untilToldToStop()
  supervisor = await supervise(platform)
  try {
    await showSample(platform)
    say(
      `Up in ${((Date.now() - startedAt) / 1000).toFixed(1)} s. Ctrl-C stops the platform; apps go on.`,
    )
    await told
    say('Stopping controller, builder and router; running apps stay (`make stop` ends them too)')
  } finally {
    const ending = supervisor
    supervisor = null
    await ending.stop()
  }
}

async function showSample(platform: Platform): Promise<void> {
  const administrator = await openAdministrator(platform)
  if (administrator === undefined) {
    say('Up. This platform has an administrator of its own: `bin/app login`')
    return
  }
  const app = await openSample(platform, administrator, (text) => process.stderr.write(text))
  say(`The page is live at ${app.web_url}`)
  detail(
    `log in:   bin/app login --server http://localhost:${platform.apiPort} --email ${administrator.email}`,
  )
  detail(`password: in ${join(platform.stateDir, 'keys/admin.password')}`)
}

/** One supervisor for one state folder. */
function refuseSecond({ stateDir }: Platform): void {
  const pid = runningSupervisor(stateDir)
  if (pid !== null && pid !== process.pid) {
    throw new StartError(`error: Slipway runs already (process ${pid}) with this state folder.`)
  }
  becomeSupervisor(stateDir)
}

function untilToldToStop(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGINT', () => resolve())
    process.once('SIGTERM', () => resolve())
  })
}

function say(text: string): void {
  process.stderr.write(`-----> ${text}\n`)
}

function detail(text: string): void {
  process.stderr.write(`       ${text}\n`)
}
