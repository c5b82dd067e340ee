import { collectGarbage } from '#contract/space.ts'
import { examples } from '#cli/command.ts'
import type { Define } from '#cli/command.ts'
import { showCollected } from '#cli/space.ts'

export const define: Define = (command, cli) =>
  examples(
    command
      .option('--dry-run', 'only tell what would be removed')
      .action(async ({ dryRun = false }: { dryRun?: boolean }) => {
        const body = { dry_run: dryRun }
        showCollected(await cli.call(collectGarbage, { body, seconds: 600 }), cli)
      })
      .addHelpText(
        'after',
        '\nThe platform does this by itself once a day. It removes slugs, layers, caches, archives,\nimages, runtimes, buildpacks and repositories that no release and no app needs any more,\nand nothing that it did not make itself.',
      ),
    'app gc --dry-run',
    'app gc',
  )
