import type { Artifact } from '#contract/release.ts'
import type { Deployed } from '#controller/store/deployments.ts'
import { slugById } from '#controller/store/builds.ts'
import type { SlugRow } from '#controller/store/tables.ts'
import type { CopySpec } from '#driver/driver.ts'
import { dynoName, portOf, webType } from './copy.ts'
import type { Copy } from './copy.ts'
import type { DeployDeps } from './deps.ts'
import type { Place } from './place.ts'

type SpecDeps = Pick<DeployDeps, 'store' | 'vault' | 'settings'>

/** All the engine needs to run a copy: the slug and config of its release, in its environment. */
export async function specOf(
  deps: SpecDeps,
  place: Place,
  deployed: Pick<Deployed, 'slug_id' | 'config'>,
  copy: Copy,
): Promise<CopySpec> {
  const slug = await slugOf(deps, deployed)
  const { name, deploymentId, release, type, index } = copy
  const { app, environmentId, subnet } = place
  const artifact = JSON.parse(slug.artifact) as Artifact
  return {
    name,
    owner: { appId: app.id, environmentId, app: app.name },
    deploymentId,
    release,
    type,
    index,
    artifact,
    ...(copy.port === undefined ? {} : { port: copy.port }),
    stackImage: `${slug.stack}:run`,
    command: artifact.kind === 'image' && copy.command === '' ? null : copy.command,
    env: { ...deps.vault.unseal(app, deployed.config), ...ownEnv(copy) },
    subnet,
    limits: deps.settings.limits,
  }
}

async function slugOf(deps: SpecDeps, { slug_id }: Pick<Deployed, 'slug_id'>): Promise<SlugRow> {
  const slug = slug_id === null ? undefined : await slugById(deps.store, slug_id)
  if (slug === undefined) throw new Error('a release without a slug has nothing to run')
  return slug
}

/** What every process finds in its environment besides the config. */
function ownEnv(copy: Copy): Record<string, string> {
  const dyno = { DYNO: dynoName(copy) }
  return copy.type === webType ? { ...dyno, PORT: String(portOf(copy)) } : dyno
}
