import { getConfig } from '#contract/app.ts'
import type { Config } from '#contract/app.ts'
import { appName } from '#cli/app-name.ts'
import { aboutApp, examples } from '#cli/command.ts'
import type { Define } from '#cli/command.ts'
import { quote } from '#cli/quote.ts'
import { columns, printable } from '#cli/table.ts'

export const define: Define = (command, cli) =>
  examples(
    aboutApp(command)
      .option('--shell', 'quoted for a shell, as it is when it does not go to a terminal')
      .action(async ({ shell }: { shell?: true }) => {
        const app = await appName(command, cli)
        const config = await cli.call(getConfig, { params: { app } })
        const isForShell = shell === true || !cli.screen.output.isTTY
        cli.screen.answer(config, () => (isForShell ? forShell(config) : forReading(config)))
        if (Object.keys(config).length === 0) cli.screen.say(`"${app}" has no config yet.`)
      }),
    'app config',
    'app config -a shop > .env',
  )

const sorted = (config: Config): [string, string][] =>
  Object.entries(config).toSorted(([a], [b]) => (a < b ? -1 : 1))

const forShell = (config: Config): string[] =>
  sorted(config).map(([key, value]) => `${key}=${quote(value)}`)

const forReading = (config: Config): string[] =>
  columns(sorted(config).map(([key, value]) => [key, `= ${printable(value)}`]))
