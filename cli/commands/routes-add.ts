import { addRoute } from '#contract/domain.ts'
import { appName } from '#cli/app-name.ts'
import { aboutApp, examples } from '#cli/command.ts'
import type { Define } from '#cli/command.ts'
import { splitRoute } from '#cli/route-name.ts'

export const define: Define = (command, cli) =>
  examples(
    aboutApp(command)
      .argument('<route>', 'HOST/path: this path of a domain of the app, and all below it')
      .option('--to <app>', 'the app whose web processes answer (default: the app itself)')
      .option('--strip', 'ask the app for the path without this beginning')
      .action(async (route: string, { to, strip }: { to?: string; strip?: true }) => {
        const { host, path } = splitRoute(route, 'routes:add')
        const app = await appName(command, cli)
        const wanted = { host, path, strip: strip === true, ...(to === undefined ? {} : { to }) }
        const made = await cli.call(addRoute, { params: { app }, body: wanted })
        cli.screen.answer(made, () => [])
        cli.screen.say(`${made.host}${made.path} leads to "${made.app.name}" now.`)
      }),
    'app routes:add shop.example.org/api --to backend --strip',
    'app routes:add shop.example.org/blog --to blog -a shop',
  )
