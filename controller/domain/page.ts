import type { Config } from '#controller/config.ts'
import { domainsOf } from '#controller/store/domains.ts'
import type { Store } from '#controller/store/tables.ts'
import { platformHost } from './claim.ts'
import { wildcardBase } from './host.ts'

/** The host to show people for an app: the platform's, and where that was removed, another of its own. */
export async function pageHost(
  db: Store,
  config: Pick<Config, 'domain'>,
  app: string,
  environmentId: string,
): Promise<string> {
  const exact = (await domainsOf(db, environmentId)).filter(
    ({ host }) => wildcardBase(host) === undefined,
  )
  const best = exact.find(({ kind }) => kind === 'platform') ?? exact[0]
  return best?.host ?? platformHost(config, app)
}
