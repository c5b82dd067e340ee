import { appName } from '#cli/app-name.ts'
import { aboutApp, examples } from '#cli/command.ts'
import type { Define } from '#cli/command.ts'
import { changeEdge } from '#cli/edge.ts'

export const define: Define = (command, cli) =>
  examples(
    aboutApp(command).action(async () => {
      const app = await appName(command, cli)
      const edge = await changeEdge(app, { https: false }, `"${app}" is served by http too.`, cli)
      if (edge.hsts === null) return
      const { paint } = cli.screen
      const warning = 'HSTS is still sent over https; browsers that saw it stay there'
      cli.screen.say(`${paint('yellow', 'warning:')} ${warning}: app hsts:unset`)
    }),
    'app https:off',
  )
