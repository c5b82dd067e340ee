import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { CopySpec } from '#driver/driver.ts'
import { copyLabels, madeAsLabel, type Labels } from './labels.ts'
import type { Site } from './site.ts'
import { mountBase } from './stop.ts'

/**
 * Labels of a container cannot be changed, so what a waiting one became stands beside it, on the tmpfs
 * of its mounts. A reboot loses that together with the mounts; the container, exited then, is removed
 * and made anew by whoever wants the copy.
 */
const file = 'identity.json'

export async function writeIdentity(
  base: string,
  instance: string,
  spec: CopySpec,
  atMs: number,
): Promise<void> {
  await writeFile(join(base, file), JSON.stringify(copyLabels(instance, spec, atMs)))
}

/** The labels a copy would have had from its start; its own, with what is not known as 0, without them. */
export async function identityOf(site: Site, labels: Labels): Promise<Labels> {
  const madeAs = labels[madeAsLabel]
  if (madeAs === undefined) return labels
  const text = await readFile(join(mountBase(site, madeAs), file), 'utf8').catch(() => null)
  if (text !== null) return JSON.parse(text) as Labels
  return { ...labels, 'slipway.deployment-id': '', 'slipway.release': '0', 'slipway.at': '0' }
}
