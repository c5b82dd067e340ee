import { pruneBuilds } from '#contract/space.ts'
import { appName } from '#cli/app-name.ts'
import { aboutApp, examples } from '#cli/command.ts'
import type { Define } from '#cli/command.ts'
import { showCollected } from '#cli/space.ts'

export const define: Define = (command, cli) =>
  examples(
    aboutApp(command)
      .action(async () => {
        const app = await appName(command, cli)
        showCollected(await cli.call(pruneBuilds, { params: { app }, seconds: 600 }), cli)
      })
      .addHelpText(
        'after',
        '\nThe next build begins without a cache. What kept releases stand on stays.',
      ),
    'app builds:prune -a shop',
  )
