import type { HealthCheck, TriedCheck } from '#contract/health-check.ts'
import type { Instance } from '#driver/driver.ts'
import { portOf } from './copy.ts'
import type { Copy } from './copy.ts'
import type { DeployDeps } from './deps.ts'
import type { Patient } from './health.ts'
import type { Wish } from './place.ts'
import { specOf } from './spec.ts'
import type { Tried } from './try.ts'

/** What is asked of a copy. */
interface Care {
  /** Before it serves. */
  readonly checks: readonly HealthCheck[]
  /** While it serves; none while its deployment is on its way. */
  readonly liveness: readonly TriedCheck[]
  readonly exec: Tried['exec']
}

/** By the name of the copy. */
export type Cares = ReadonlyMap<string, Care>

export function caresOf(
  deps: Pick<DeployDeps, 'store' | 'vault' | 'settings' | 'fleet'>,
  wish: Wish,
): Cares {
  const { serving, open } = wish.wanted
  const care = (copy: Copy, liveness: Copy['liveness'] = []): [string, Care] => {
    const exec: Tried['exec'] = async (command, timeoutMs, signal) => {
      const deployed = wish.deployed.find((row) => row.id === copy.deploymentId)
      if (deployed === undefined) throw new Error('a copy without its deployment')
      const spec = await specOf(deps, wish.place, deployed, { ...copy, command })
      return deps.fleet.exec({ ...spec, command, timeoutMs }, signal)
    }
    return [copy.name, { checks: copy.checks ?? [], liveness, exec }]
  }
  // A copy that is taken over serves already.
  return new Map([
    ...(open?.copies ?? []).map((copy) => care(copy)),
    ...(serving?.copies ?? []).map((copy) => care(copy, copy.liveness)),
  ])
}

/** A copy that runs as one to be tried; null when it cannot be reached, or is nobody's any more. */
export function patientOf(copy: Instance, cares: Cares): Patient | null {
  const { name, address: host, startedAtMs } = copy
  const care = cares.get(name)
  if (host === null || care === undefined) return null
  return { host, port: portOf(copy), startedAtMs, checks: care.checks, exec: care.exec }
}
