import { appName } from '#cli/app-name.ts'
import { aboutApp, examples } from '#cli/command.ts'
import type { Define } from '#cli/command.ts'
import { changeEdge } from '#cli/edge.ts'

export const define: Define = (command, cli) =>
  examples(
    aboutApp(command).action(async () => {
      const app = await appName(command, cli)
      const done = `Where "${app}" does not answer, the page of the platform is shown.`
      await changeEdge(app, { error_page: null }, done, cli)
    }),
    'app error-page:unset',
  )
