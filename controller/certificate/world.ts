import { certificateHeads, manualApps, ownedHosts } from '#controller/store/certificates.ts'
import type { Store } from '#controller/store/tables.ts'
import type { World } from './names.ts'

/** Looks at all hosts and certificates there are. */
export async function readWorld(db: Store): Promise<World> {
  const [hosts, certificates, manual] = await Promise.all([
    ownedHosts(db),
    certificateHeads(db),
    manualApps(db),
  ])
  return { hosts, certificates, manual }
}
