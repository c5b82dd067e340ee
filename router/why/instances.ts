import type { WhyInstance } from '#contract/route.ts'
import type { Instance } from '#router/table/instance.ts'
import type { Site } from '#router/table/site.ts'

type WhyNot = NonNullable<WhyInstance['why_not']>

/** The instances of a site, which of them would be asked now, and why not the others. */
export function instancesOf(site: Site, now: number): WhyInstance[] {
  const picked = site.peek()
  return site.instances.map((one) => {
    const { id, release, host, port, inFlight } = one
    const whyNot = whyNotOf(one, picked, site)
    return {
      id,
      release,
      host,
      port,
      in_flight: inFlight,
      tunnels: one.tunnelCount,
      idle: one.idleCount,
      picked: one === picked,
      ...(one.isEjected ? { ejected_ms: Math.max(0, Math.ceil(one.probedAt - now)) } : {}),
      ...(whyNot === undefined ? {} : { why_not: whyNot }),
    }
  })
}

function whyNotOf(one: Instance, picked: Instance | undefined, site: Site): WhyNot | undefined {
  if (one === picked) return undefined
  if (picked === undefined || one.inFlight >= (site.settings.instance_cap ?? Infinity))
    return 'full'
  if (one.isEjected && !picked.isEjected) return 'ejected'
  return one.inFlight > picked.inFlight ? 'busier' : 'turn'
}
