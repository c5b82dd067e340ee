import { getConfig } from '#contract/app.ts'
import { failure } from '#contract/error.ts'
import { appName } from '#cli/app-name.ts'
import { aboutApp, examples } from '#cli/command.ts'
import type { Define } from '#cli/command.ts'

export const define: Define = (command, cli) =>
  examples(
    aboutApp(command)
      .argument('<key>', 'the key; its value is printed as it is')
      .action(async (key: string) => {
        const app = await appName(command, cli)
        const config = await cli.call(getConfig, { params: { app } })
        const value = Object.hasOwn(config, key) ? config[key] : undefined
        if (value === undefined) throw failure('CONFIG_NOT_SET', { app, key })
        cli.screen.answer({ [key]: value }, () => value)
      }),
    'app config:get DATABASE_URL',
    'psql "$(app config:get DATABASE_URL -a shop)"',
  )
