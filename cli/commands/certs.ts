import { getAutomatic, listSniEndpoints } from '#contract/sni-endpoint.ts'
import type { AutomaticCertificates, AutomaticName, SniEndpoint } from '#contract/sni-endpoint.ts'
import { appName } from '#cli/app-name.ts'
import { aboutApp, examples } from '#cli/command.ts'
import type { Define } from '#cli/command.ts'
import { printable, table } from '#cli/table.ts'
import { ends, soon } from '#cli/time.ts'

export const define: Define = (command, cli) =>
  examples(
    aboutApp(command).action(async () => {
      const app = await appName(command, cli)
      const certificates = await cli.call(listSniEndpoints, { params: { app } })
      const automatic = await cli.call(getAutomatic, { params: { app } })
      cli.screen.answer({ sni_endpoints: certificates, acm: automatic }, () =>
        certificates.length === 0 ? [] : table(head, certificates.map(row)),
      )
      if (certificates.length === 0) cli.screen.say(`"${app}" has no certificates.`)
      for (const line of lacking(automatic)) cli.screen.say(line)
    }),
    'app certs',
    'app certs -a shop --json',
  )

const head = ['CERTIFICATE', 'KIND', 'DOMAINS', 'ISSUER', 'EXPIRES']
const shown = 3

function row({ name, domains, ssl_cert }: SniEndpoint): string[] {
  const { acm, issuer, expires_at } = ssl_cert
  const by = ssl_cert['self_signed?'] ? 'self-signed' : issuerWords(issuer)
  return [name, acm ? 'automatic' : 'own', hostWords(domains), by, ends(expires_at)]
}

function hostWords(domains: readonly string[]): string {
  if (domains.length === 0) return '(none uses it)'
  const more = domains.length - shown
  return domains.slice(0, shown).join(', ') + (more > 0 ? ` and ${more} more` : '')
}

/** Organisation and name out of `/C=US/O=Example/CN=E7`. */
function issuerWords(issuer: string): string {
  const parts = [...issuer.matchAll(/\/(O|CN)=([^/]*)/g)].map(([, , value = '']) => value)
  return parts.length === 0 ? issuer : parts.join(' ')
}

/** What is not as it should be, a sentence for each domain. */
function lacking({ acm, available, domains }: AutomaticCertificates): string[] {
  if (!available) return []
  if (!acm) return ['Automatic certificates are off: app certs:auto on']
  return domains.flatMap(sentence)
}

function sentence({ hostname, acm_status, acm_status_reason, next_at }: AutomaticName): string[] {
  if (acm_status === 'pending') return [`${hostname}: a certificate is being asked for.`]
  if (acm_status_reason === null) return []
  const again = next_at === null ? '' : ` The next try is ${soon(next_at)}.`
  return [printable(`${hostname}: ${acm_status_reason}${again}`)]
}
