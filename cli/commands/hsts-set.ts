import type { EdgeSettings } from '#contract/edge.ts'
import { appName } from '#cli/app-name.ts'
import { aboutApp, examples } from '#cli/command.ts'
import type { Define } from '#cli/command.ts'
import { changeEdge } from '#cli/edge.ts'
import { usage } from '#cli/failure.ts'

interface Options {
  readonly maxAge: string
  readonly includeSubdomains?: true
  readonly preload?: true
}

const seconds = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }
const yearSeconds = 31_536_000
const longest = 2 * yearSeconds

export const define: Define = (command, cli) =>
  examples(
    aboutApp(command)
      .option('--max-age <time>', 'how long browsers keep to https: 300s, 30d, 365d', '30d')
      .option('--include-subdomains', 'for all names below the domain as well')
      .option('--preload', 'ready for the lists that browsers come with')
      .action(async ({ maxAge, includeSubdomains, preload }: Options) => {
        const hsts = {
          max_age: readAge(maxAge),
          include_subdomains: includeSubdomains === true,
          preload: preload === true,
        }
        const isRefused = hsts.preload && (!hsts.include_subdomains || hsts.max_age < yearSeconds)
        if (isRefused) {
          throw usage(
            '--preload needs --include-subdomains and --max-age 365d or more.',
            'hsts:set',
          )
        }
        const app = await appName(command, cli)
        const done = `Browsers that saw "${app}" by https keep to it for ${maxAge}.`
        const edge = await changeEdge(app, { hsts }, done, cli)
        const { paint } = cli.screen
        for (const line of warnings(edge)) cli.screen.say(`${paint('yellow', 'warning:')} ${line}`)
      }),
    'app hsts:set',
    'app hsts:set --max-age 365d --include-subdomains --preload -a shop',
  )

function readAge(text: string): number {
  const [, digits = '', unit = ''] = /^(\d{1,9})([smhdw])$/.exec(text) ?? []
  const age = Number(digits) * (seconds[unit as keyof typeof seconds] ?? Number.NaN)
  if (digits !== '' && age <= longest) return age
  throw usage(`"${text}" is no time up to two years: write one such as 300s or 30d.`, 'hsts:set')
}

function warnings({ hsts, https }: EdgeSettings): string[] {
  const first = https ? [] : ['who comes by http is not sent to https: app https:on']
  if (hsts?.preload !== true) return first
  const preload = 'a domain on the lists of browsers takes months to come off them'
  return [...first, `${preload}; all its names must have certificates until then`]
}
