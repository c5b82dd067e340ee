import type { CertificateHead, OwnedHost } from '#controller/store/certificates.ts'

/** A name an automatic certificate is wanted for. */
export interface WantedName {
  readonly name: string
  /** Whose budget it is asked from; `''`: the platform's. */
  readonly ownerId: string
  /** Environments that are told how it went. */
  readonly environments: readonly string[]
}

/** Which names can be had here. */
export interface Abilities {
  /** The platform's own domain. */
  readonly domain: string
  /** A program writes DNS records: wildcards can be had. */
  readonly hasDns: boolean
}

/** All that decisions are made from. */
export interface World {
  readonly hosts: readonly OwnedHost[]
  readonly certificates: readonly CertificateHead[]
  /** Apps that want no automatic certificates. */
  readonly manual: ReadonlySet<string>
}

/** An own certificate that ends within this time no longer keeps an automatic one from being made. */
const spareMs = 7 * 86_400_000

/** What a host's automatic certificate is named for; or why it can have none, in one sentence. */
export function nameFor(
  host: string,
  { domain, hasDns }: Abilities,
): { readonly name: string } | { readonly reason: string } {
  if (!host.includes('.') || /(^|\.)localhost$/.test(host)) {
    return { reason: `No authority gives certificates for ${host}.` }
  }
  // One certificate for all of the platform's names; authorities count how many a domain gets.
  if (hasDns && host.slice(host.indexOf('.') + 1) === domain) return { name: `*.${domain}` }
  if (!host.startsWith('*.') || hasDns) return { name: host }
  return {
    reason: `A wildcard such as ${host} needs the operator to set SLIPWAY_ACME_DNS_HOOK, or a certificate of your own.`,
  }
}

/** Every name that is wanted, once. */
export function wantedNames(world: World, able: Abilities, now: Date): WantedName[] {
  const own = ownByApp(world.certificates)
  const wanted = new Map<string, WantedName>()
  for (const { host, app_id, owner_id, environment_id } of world.hosts) {
    if (world.manual.has(app_id)) continue
    const lasts = (one: CertificateHead): boolean =>
      covers(one, host) && Date.parse(one.expires_at) > now.getTime() + spareMs
    if (own.get(app_id)?.some(lasts) === true) continue
    const answer = nameFor(host, able)
    if ('reason' in answer) continue
    const { name } = answer
    const isOurs = name !== host
    wanted.set(name, {
      name,
      ownerId: isOurs ? '' : owner_id,
      environments: isOurs ? [] : [environment_id],
    })
  }
  return [...wanted.values()]
}

/** By the app they belong to. */
export function ownByApp(
  certificates: readonly CertificateHead[],
): ReadonlyMap<string, readonly CertificateHead[]> {
  const own = certificates.filter((one) => one.app_id !== null)
  return Map.groupBy(own, (one) => one.app_id ?? '')
}

const namesOf = new WeakMap<CertificateHead, ReadonlySet<string>>()

/** Whether a certificate is for a host; `*.example.org` for each name one label below. */
export function covers(certificate: CertificateHead, host: string): boolean {
  let names = namesOf.get(certificate)
  if (names === undefined) {
    names = new Set(JSON.parse(certificate.names) as string[])
    namesOf.set(certificate, names)
  }
  return names.has(host) || names.has(`*${host.slice(host.indexOf('.'))}`)
}
