import { removeSniEndpoint } from '#contract/sni-endpoint.ts'
import { appName } from '#cli/app-name.ts'
import { aboutApp, examples } from '#cli/command.ts'
import type { Define } from '#cli/command.ts'

export const define: Define = (command, cli) =>
  examples(
    aboutApp(command)
      .argument('<name>', 'its name, as `app certs` lists it, or its id')
      .action(async (certificate: string) => {
        const app = await appName(command, cli)
        const removed = await cli.call(removeSniEndpoint, { params: { app, certificate } })
        cli.screen.answer(removed, () => [])
        const { name, domains } = removed
        cli.screen.say(`Removed ${name} (${domains.join(', ') || 'no domain used it'}).`)
      }),
    'app certs:remove cert-1a2b3c4d',
  )
