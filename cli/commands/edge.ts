import { getEdge } from '#contract/edge.ts'
import type { EdgeSettings, Hsts } from '#contract/edge.ts'
import { appName } from '#cli/app-name.ts'
import { aboutApp, examples } from '#cli/command.ts'
import type { Define } from '#cli/command.ts'
import { shownLimits } from '#cli/limits.ts'
import { facts } from '#cli/table.ts'
import { size } from '#cli/time.ts'

export const define: Define = (command, cli) =>
  examples(
    aboutApp(command).action(async () => {
      const edge = await cli.call(getEdge, { params: { app: await appName(command, cli) } })
      cli.screen.answer(edge, () => facts(describe(edge)))
    }),
    'app edge',
    'app edge -a shop --json',
  )

function describe(edge: EdgeSettings): Record<string, string> {
  const { maintenance, allow, auth, https, hsts, limits } = edge
  const set = shownLimits(limits).filter(([, value]) => value !== 'default')
  return {
    Maintenance: maintenance ? 'on' : 'off',
    'Maintenance page': page(edge.maintenance_page),
    'Error page': page(edge.error_page),
    'May come': allow.length === 0 ? 'everybody' : allow.join(' '),
    'Asked for a password': auth.length === 0 ? 'nobody' : auth.map(({ user }) => user).join(' '),
    'http is sent to https': https ? 'yes' : 'no',
    HSTS: hsts === null ? 'not sent' : shownHsts(hsts),
    Limits: set.length === 0 ? 'default' : set.map(([name, value]) => `${name}=${value}`).join(' '),
  }
}

function page(text: string | null): string {
  return text === null ? "the platform's" : `own, ${size(Buffer.byteLength(text))}`
}

function shownHsts({ max_age, include_subdomains, preload }: Hsts): string {
  const more = [
    ...(include_subdomains ? ['names below as well'] : []),
    ...(preload ? ['preload'] : []),
  ]
  return [`${max_age} s`, ...more].join(', ')
}
