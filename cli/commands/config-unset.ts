import { appName } from '#cli/app-name.ts'
import { aboutApp, examples, waits } from '#cli/command.ts'
import type { Define } from '#cli/command.ts'
import { changeConfig } from '#cli/config-change.ts'

export const define: Define = (command, cli) =>
  examples(
    waits(aboutApp(command))
      .argument('<keys...>', 'the keys to unset')
      .action(async (keys: string[], { wait }: { wait: boolean }) => {
        const app = await appName(command, cli)
        const change = Object.fromEntries(keys.map((key) => [key, null]))
        await changeConfig({ app, change, wait, did: 'Unset' }, cli)
      }),
    'app config:unset LOG_LEVEL COLOUR',
  )
