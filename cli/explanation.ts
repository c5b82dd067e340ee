import type { Explanation } from '#contract/why.ts'

type Instance = Explanation['instances'][number]
type Instead = NonNullable<Explanation['instead']>

/** What `app why` says, and what one may do about it; null: nothing needs doing. */
export interface Sentences {
  readonly lines: readonly string[]
  readonly hint: string | null
}

/** An explanation in plain sentences. */
export function sentences(explanation: Explanation, isAddressGiven: boolean): Sentences {
  const { instead, app } = explanation
  // Who knows a password gets past that, to an instance.
  const isAnswered = instead === null || instead.reason === 'auth'
  const lines = [
    ruleLine(explanation),
    ...pathLine(explanation),
    ...certificateLine(explanation),
    releaseLine(explanation),
    ...(instead === null ? [] : [toldInstead(instead, explanation)]),
    ...(isAnswered ? answering(explanation) : []),
    ...unjudged(explanation, isAddressGiven),
  ]
  return { lines, hint: instead === null ? null : hintFor(instead, app.name) }
}

function ruleLine({ url, rule, app, environment, table }: Explanation): string {
  const where = `${rule.host}${rule.path ?? '/'}`
  const which = rule.host.startsWith('*.') ? `the wildcard ${where}` : where
  return `${url} leads to ${app.name} (${environment.name}) by the rule for ${which}, table ${table}.`
}

function pathLine({ target, sent, instead }: Explanation): string[] {
  return target === sent || instead !== null ? [] : [`The app is asked for ${sent}.`]
}

function certificateLine({ url, certificate, host }: Explanation): string[] {
  if (!url.startsWith('https:')) return []
  if (certificate === null) return [`There is no certificate for ${host}: browsers will refuse it.`]
  const { names, issuer, expires_at } = certificate
  return [
    `The certificate is for ${names.join(', ')}, by ${issuer}, until ${expires_at.slice(0, 10)}.`,
  ]
}

function releaseLine({ release, app }: Explanation): string {
  if (release === null) return `No release of ${app.name} serves yet.`
  return `Release v${release.version} serves: ${release.description}.`
}

/** Who would answer, and why nobody else. */
function answering({ instances }: Explanation): string[] {
  const picked = instances.filter((one) => one.picked)
  const others = instances.filter((one) => !one.picked)
  return [...picked.map(pickedLine), ...others.map(otherLine)]
}

function pickedLine({ name, release, host, port, in_flight: busy }: Instance): string {
  return `${name} (v${release}, ${host}:${port}) would answer; ${requests(busy)} in flight there.`
}

function otherLine(instance: Instance): string {
  const { name, why_not: reason } = instance
  return reason === undefined ? `Not ${name}.` : `Not ${name}: ${reasons[reason](instance)}.`
}

const reasons: Readonly<Record<NonNullable<Instance['why_not']>, (instance: Instance) => string>> =
  {
    ejected: ({ ejected_ms: left = 0 }) =>
      `it refused a connection; the next try is in ${(left / 1000).toFixed(1)} s`,
    busier: ({ in_flight: busy }) => `${requests(busy)} in flight there`,
    full: ({ in_flight: busy }) => `it is full, ${requests(busy)} in flight there`,
    turn: () => 'it is as free, and has its turn later',
  }

function toldInstead(instead: Instead, { app }: Explanation): string {
  const { status, code, location = '' } = instead
  const answer = code === undefined ? String(status) : `${status}, ${code}`
  switch (instead.reason) {
    case 'redirect':
      return `The router redirects to ${location} (${answer}); no app is asked.`
    case 'https':
      return `The router sends it to ${location} (${answer}), since ${app.name} wants https.`
    case 'allow':
      return `The router refuses it (${answer}): that address is not among those that may come.`
    case 'auth':
      return `The router asks for a user and password (${answer}).`
    case 'maintenance':
      return `Maintenance is on: the router shows its page (${answer}).`
    case 'no_instance':
      return `No process of ${app.name} can answer: the router says so (${answer}).`
    case 'full':
      return `All processes of ${app.name} are full: the request waits, or gets ${answer}.`
    case 'no_rule':
      return `No rule leads anywhere (${answer}).`
  }
}

function hintFor({ reason }: Instead, app: string): string | null {
  const commands: Partial<Record<Instead['reason'], string>> = {
    redirect: `see the redirects: app routes -a ${app}`,
    allow: `see who may come: app edge:allow -a ${app}`,
    auth: `see who may: app edge:auth -a ${app}`,
    maintenance: `app maintenance:off -a ${app}`,
    no_instance: `see what runs: app ps -a ${app}`,
    full: `run more: app ps:scale -a ${app}`,
  }
  return commands[reason] ?? null
}

/** What depends on who asks is left out where nobody was named. */
function unjudged({ settings }: Explanation, isAddressGiven: boolean): string[] {
  if (isAddressGiven || settings.allow === undefined) return []
  return ['Only some addresses may come; see whether one may with --address.']
}

function requests(count: number): string {
  return count === 1 ? '1 request' : `${count} requests`
}
