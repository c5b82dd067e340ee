import { unless } from './errors.ts'
import { instanceLabels } from './labels.ts'
import { removeImage } from './image.ts'
import { removeAllNetworks } from './network.ts'
import type { Site } from './site.ts'
import { removeAll, sweepCopies, sweepSandboxes } from './sweep.ts'

/** Removes all that an instance made on this host, and nothing else. */
export async function uninstall(site: Site, signal: AbortSignal): Promise<void> {
  await removeAll(site, 'copy', signal)
  await sweepSandboxes(site, signal)
  await site.builds.remove(signal)
  await sweepCopies(site, signal)
  await removeAllNetworks(site, signal)
  await removeImages(site, signal)
  await site.firewall.remove(signal)
}

async function removeImages(site: Site, signal: AbortSignal): Promise<void> {
  const label = Object.entries(instanceLabels(site.settings.instance)).map((pair) => pair.join('='))
  const query = { filters: JSON.stringify({ label }) }
  const request = { method: 'GET', path: '/images/json', query, doing: 'list images' } as const
  const images = await site.engine.ask<{ Id: string }[]>(request, signal)
  for (const { Id } of images) await unless([409], removeImage(site, Id, signal))
}
