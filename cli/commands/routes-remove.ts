import { removeRoute } from '#contract/domain.ts'
import { appName } from '#cli/app-name.ts'
import { aboutApp, examples } from '#cli/command.ts'
import type { Define } from '#cli/command.ts'

export const define: Define = (command, cli) =>
  examples(
    aboutApp(command)
      .argument('<route>', 'HOST/path as `app routes` shows it')
      .action(async (named: string) => {
        const app = await appName(command, cli)
        const route = named.replace(/^https?:\/\//, '')
        const removed = await cli.call(removeRoute, { params: { app, route } })
        cli.screen.answer(removed, () => [])
        cli.screen.say(`Removed the route ${removed.host}${removed.path}.`)
      }),
    'app routes:remove shop.example.org/api',
    'app routes:remove www.example.org -a shop',
  )
