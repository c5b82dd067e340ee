import { appName } from '#cli/app-name.ts'
import { aboutApp, examples } from '#cli/command.ts'
import type { Define } from '#cli/command.ts'
import { changeEdge } from '#cli/edge.ts'
import { usage } from '#cli/failure.ts'
import { readPage } from '#cli/page-file.ts'

interface Options {
  /** False: `--no-page`. */
  readonly page?: string | false
}

export const define: Define = (command, cli) =>
  examples(
    aboutApp(command)
      .option('--page <file>', 'HTML to show, or - for standard input; kept for the next time')
      .option('--no-page', 'show the page of the platform again')
      .action(async ({ page }: Options) => {
        if (page === '') throw usage('The file after --page is empty.', 'maintenance:on')
        const text = typeof page === 'string' ? await readPage(page, 'maintenance:on', cli) : null
        const own = page === undefined ? {} : { maintenance_page: text }
        const app = await appName(command, cli)
        const done = `Maintenance of "${app}" is on: everybody gets 503 and a page, no app is asked.`
        await changeEdge(app, { maintenance: true, ...own }, done, cli)
      }),
    'app maintenance:on',
    'app maintenance:on --page maintenance.html -a shop',
  )
