import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { writeDurably } from '#lib/durable.ts'
import { ownerOf, type BuildRequest, type BuildTools } from '#builder/build/request.ts'
import { limitsOf } from '#builder/build/limits.ts'
import type { Component } from './component.ts'

const format = '${Package} ${Version} ${Architecture}\\n'
const listBytes = 1024 ** 2
const listMs = 60_000

/** Debian packages of the image apps run in, a line each. Asked of each image once, in a sandbox. */
export async function listPackages(
  request: BuildRequest,
  { workshop, places, config }: BuildTools,
  signal: AbortSignal,
): Promise<string> {
  const image = `${request.checkout.stack}:run`
  const digest = await workshop.imageDigest(image, signal)
  const note = join(dirname(places.builds), `packages-${digest.replace(/^sha256:/, '')}.txt`)
  const noted = await readFile(note, 'utf8').catch(() => null)
  if (noted !== null) return noted
  let printed = ''
  const end = await workshop.run(
    {
      name: `slw-packages-${request.id}`,
      owner: ownerOf(request),
      image,
      argv: ['dpkg-query', '-W', '-f', format],
      env: {},
      mounts: [],
      overlay: null,
      secrets: {},
      limits: limitsOf(config),
      timeoutMs: listMs,
    },
    (chunk) => (printed = (printed + chunk.toString()).slice(0, listBytes)),
    signal,
  )
  if (end.kind !== 'exit' || end.code !== 0) return ''
  await writeDurably(note, printed)
  return printed
}

/** What such a list names; nothing when it is empty. */
export function packagesIn(text: string, stack: string): Component[] {
  if (text === '') return []
  const release = stack.replace('slipway-', '')
  const distro = {
    type: 'operating-system',
    'bom-ref': stack,
    name: 'debian',
    version: release,
  } as const
  const packages = text.split('\n').flatMap((line) => {
    const [name, version, arch] = line.split(' ')
    if (name === undefined || version === undefined || arch === undefined) return []
    const about = `arch=${arch}&distro=debian-${release}`
    const purl = `pkg:deb/debian/${encodeURIComponent(name)}@${encodeURIComponent(version)}?${about}`
    return [{ type: 'library', 'bom-ref': purl, name, version, purl } as const]
  })
  return [distro, ...packages]
}
