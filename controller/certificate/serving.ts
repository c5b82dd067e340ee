import { createHash } from 'node:crypto'
import type { CertificateHead, OwnedHost } from '#controller/store/certificates.ts'
import { covers, ownByApp } from './names.ts'
import type { World } from './names.ts'

/** A certificate and the hosts it is used for. */
export interface Serving {
  /** What the router knows it by: changes with the chain and with the hosts. */
  readonly id: string
  readonly certificate: CertificateHead
  readonly hosts: readonly string[]
}

/** Which certificate is used for which hosts; every host once at most. */
export function serving(world: World, now: Date): Serving[] {
  const pick = picker(world, now)
  const hosts = new Map<CertificateHead, Set<string>>()
  for (const one of world.hosts) {
    const certificate = pick(one)
    if (certificate === undefined) continue
    const names = hosts.get(certificate) ?? new Set()
    hosts.set(certificate, names.add(certificate.name ?? one.host))
  }
  return [...hosts].map(([certificate, names]) => {
    const sorted = [...names].toSorted()
    return { certificate, hosts: sorted, id: idOf(certificate, sorted) }
  })
}

/** Finds the certificate of a host: own before automatic, and one that has ended only where no other is. */
export function picker(
  { certificates, manual }: World,
  now: Date,
): (host: OwnedHost) => CertificateHead | undefined {
  const own = ownByApp(certificates)
  const automatic = new Map(certificates.map((one) => [one.name ?? '', one]))
  const at = now.toISOString()
  return ({ host, app_id }) => {
    const theirs = own.get(app_id)?.filter((one) => covers(one, host)) ?? []
    const wildcard = `*${host.slice(host.indexOf('.'))}`
    const ours = manual.has(app_id) ? undefined : (automatic.get(host) ?? automatic.get(wildcard))
    const all = [...theirs.toReversed(), ...(ours === undefined ? [] : [ours])]
    return all.find((one) => one.expires_at > at) ?? all[0]
  }
}

function idOf({ id, digest }: CertificateHead, hosts: readonly string[]): string {
  const text = JSON.stringify([id, digest, hosts])
  return createHash('sha256').update(text).digest('hex').slice(0, 40)
}
