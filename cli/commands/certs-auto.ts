import { disableAutomatic, enableAutomatic } from '#contract/sni-endpoint.ts'
import { appName } from '#cli/app-name.ts'
import { aboutApp, examples } from '#cli/command.ts'
import type { Define } from '#cli/command.ts'
import { usage } from '#cli/failure.ts'

export const define: Define = (command, cli) =>
  examples(
    aboutApp(command)
      .argument('<on|off>', 'on also tries at once again what has failed')
      .action(async (word: string) => {
        if (word !== 'on' && word !== 'off') {
          throw usage(`"${word}" is neither on nor off.`, 'certs:auto')
        }
        const app = await appName(command, cli)
        const target = word === 'on' ? enableAutomatic : disableAutomatic
        const changed = await cli.call(target, { params: { app } })
        cli.screen.answer(changed, () => [])
        cli.screen.say(
          word === 'on'
            ? `Certificates are made for every domain of "${app}". See how they stand: app certs`
            : `No automatic certificate is used for "${app}" any more.`,
        )
      }),
    'app certs:auto on',
    'app certs:auto off -a shop',
  )
