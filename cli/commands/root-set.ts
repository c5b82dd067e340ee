import { appName } from '#cli/app-name.ts'
import { aboutApp, examples } from '#cli/command.ts'
import type { Define } from '#cli/command.ts'
import { changeRepositoryPath } from '#cli/repository-path.ts'

export const define: Define = (command, cli) =>
  examples(
    aboutApp(command)
      .argument('<directory>', 'of the repository, such as apps/web')
      .action(async (root: string) => {
        const app = await appName(command, cli)
        await changeRepositoryPath(app, { root }, `"${app}" is built from ${root} alone`, cli)
      }),
    'app root:set apps/web -a shop',
  )
