import { addRoute, redirectStatuses } from '#contract/domain.ts'
import { appName } from '#cli/app-name.ts'
import { aboutApp, examples } from '#cli/command.ts'
import type { Define } from '#cli/command.ts'
import { usage } from '#cli/failure.ts'
import { splitRoute } from '#cli/route-name.ts'

export const define: Define = (command, cli) =>
  examples(
    aboutApp(command)
      .argument('<from>', 'HOST or HOST/path, of a domain of the app')
      .argument('<to>', 'an address or a path; what follows FROM, and the query, is kept')
      .option('--status <number>', redirectStatuses.join(', '), '301')
      .action(async (from: string, to: string, options: { status: string }) => {
        const status = redirectStatuses.find((one) => String(one) === options.status)
        if (status === undefined) {
          const known = redirectStatuses.join(', ')
          throw usage(`The status of a redirect is one of ${known}.`, 'routes:redirect')
        }
        const { host, path } = splitRoute(from, 'routes:redirect')
        const app = await appName(command, cli)
        const body = { host, path, redirect: { to, status } }
        const made = await cli.call(addRoute, { params: { app }, body })
        cli.screen.answer(made, () => [])
        cli.screen.say(`${made.host}${made.path} is redirected to ${made.redirect?.to} now.`)
      }),
    'app routes:redirect www.example.org https://example.org',
    'app routes:redirect shop.example.org/old /new --status 302 -a shop',
  )
