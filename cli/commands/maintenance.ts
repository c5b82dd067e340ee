import { getEdge } from '#contract/edge.ts'
import { appName } from '#cli/app-name.ts'
import { aboutApp, examples } from '#cli/command.ts'
import type { Define } from '#cli/command.ts'

export const define: Define = (command, cli) =>
  examples(
    aboutApp(command).action(async () => {
      const app = await appName(command, cli)
      const { maintenance } = await cli.call(getEdge, { params: { app } })
      cli.screen.answer({ maintenance }, () => (maintenance ? 'on' : 'off'))
    }),
    'app maintenance',
    'app maintenance -a shop --json',
  )
