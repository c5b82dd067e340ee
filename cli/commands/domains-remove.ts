import { removeDomain } from '#contract/domain.ts'
import { appName } from '#cli/app-name.ts'
import { aboutApp, examples } from '#cli/command.ts'
import type { Define } from '#cli/command.ts'

export const define: Define = (command, cli) =>
  examples(
    aboutApp(command)
      .argument('<host>', 'the domain; its routes go with it')
      .option('--force', 'also the one that the platform gave')
      .action(async (domain: string, { force }: { force?: true }) => {
        const app = await appName(command, cli)
        const query = { force: force === true }
        const removed = await cli.call(removeDomain, { params: { app, domain }, query })
        cli.screen.answer(removed, () => [])
        cli.screen.say(`${removed.hostname} leads to "${removed.app.name}" no more.`)
      }),
    'app domains:remove shop.example.org',
    'app domains:remove shop.apps.example.com --force -a shop',
  )
