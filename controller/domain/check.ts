import { randomBytes } from 'node:crypto'
import type { DomainCheck } from '#contract/domain.ts'
import type { Config } from '#controller/config.ts'
import { platformHost } from './claim.ts'
import { wildcardBase } from './host.ts'

/** Asks DNS for the addresses of a host; none when it has none. Throws when DNS does not answer. */
export type LookUp = (host: string) => Promise<string[]>

type Dns = Pick<DomainCheck, 'addresses' | 'expected'>
type Verdict = Omit<DomainCheck, 'domain'>

/** Looks whether a host's DNS points to where this platform is. */
export async function checkHost(
  lookUp: LookUp,
  config: Pick<Config, 'domain' | 'addresses'>,
  app: string,
  host: string,
): Promise<Verdict> {
  const expected = await ownAddresses(lookUp, config, app)
  try {
    const addresses = (await lookUp(oneOf(host))).toSorted()
    return {
      addresses,
      expected,
      ...judge(host, { addresses, expected }, fix(config, app, expected)),
    }
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'no answer'
    const message = `DNS did not answer for ${host} (${reason}).`
    return { addresses: [], expected, verdict: 'unknown', message, hint: 'Try again in a minute.' }
  }
}

/** Under a wildcard any name will do; one that nobody has set on its own. */
function oneOf(host: string): string {
  const base = wildcardBase(host)
  return base === undefined ? host : `slipway-check-${randomBytes(4).toString('hex')}.${base}`
}

/** What the operator says, else where the host points that the platform gave the app. */
async function ownAddresses(
  lookUp: LookUp,
  { domain, addresses }: Pick<Config, 'domain' | 'addresses'>,
  app: string,
): Promise<string[]> {
  if (addresses.length > 0) return [...addresses]
  if (domain === 'localhost') return ['127.0.0.1']
  return lookUp(platformHost({ domain }, app)).catch(() => [])
}

/** The record that would be right. */
function fix(
  { domain }: Pick<Config, 'domain'>,
  app: string,
  [address]: readonly string[],
): string {
  const cname = `a CNAME record to ${platformHost({ domain }, app)}`
  if (domain === 'localhost' || address === undefined) return cname
  return `${cname}, or, for a domain without a label of its own before it, an A record to ${address}`
}

function judge(
  host: string,
  { addresses, expected }: Dns,
  record: string,
): Pick<Verdict, 'verdict' | 'message' | 'hint'> {
  const there = addresses.join(', ')
  const others = addresses.filter((address) => !expected.includes(address))
  if (addresses.length === 0) {
    const hint = `Where its DNS is kept, add ${record}; it may take an hour to be seen.`
    return { verdict: 'nowhere', message: `${host} has no address in DNS.`, hint }
  }
  if (expected.length === 0) {
    const message = `${host} leads to ${there}; this platform does not know its own address.`
    return { verdict: 'unknown', message, hint: 'The operator can set SLIPWAY_ADDRESSES.' }
  }
  if (others.length === 0) {
    return { verdict: 'here', message: `${host} leads here (${there}).`, hint: '' }
  }
  const here = expected.join(', ')
  const hint = `Where its DNS is kept, make it ${record}. A proxy or CDN in front is no mistake.`
  if (others.length < addresses.length) {
    const message = `${host} leads here (${here}), but also to ${others.join(', ')}.`
    return { verdict: 'partly', message, hint }
  }
  return { verdict: 'elsewhere', message: `${host} leads to ${there}, not here (${here}).`, hint }
}
