import { appName } from '#cli/app-name.ts'
import { aboutApp, examples } from '#cli/command.ts'
import type { Define } from '#cli/command.ts'
import { changeEdge } from '#cli/edge.ts'
import { readPage } from '#cli/page-file.ts'

export const define: Define = (command, cli) =>
  examples(
    aboutApp(command)
      .argument('<file>', 'HTML, or - for standard input')
      .action(async (file: string) => {
        const error_page = await readPage(file, 'error-page:set', cli)
        const app = await appName(command, cli)
        const done = `Where "${app}" does not answer (502, 503, 504), this page is shown.`
        await changeEdge(app, { error_page }, done, cli)
      }),
    'app error-page:set sorry.html',
    'app error-page:set - -a shop < sorry.html',
  )
