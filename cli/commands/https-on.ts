import { appName } from '#cli/app-name.ts'
import { aboutApp, examples } from '#cli/command.ts'
import type { Define } from '#cli/command.ts'
import { changeEdge } from '#cli/edge.ts'

export const define: Define = (command, cli) =>
  examples(
    aboutApp(command).action(async () => {
      const app = await appName(command, cli)
      await changeEdge(app, { https: true }, `Who comes to "${app}" by http is sent to https.`, cli)
      const { paint } = cli.screen
      cli.screen.say(`${paint('cyan', 'hint:')} each domain needs a certificate: app certs`)
    }),
    'app https:on',
  )
