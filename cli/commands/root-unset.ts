import { appName } from '#cli/app-name.ts'
import { aboutApp, examples } from '#cli/command.ts'
import type { Define } from '#cli/command.ts'
import { changeRepositoryPath } from '#cli/repository-path.ts'

export const define: Define = (command, cli) =>
  examples(
    aboutApp(command).action(async () => {
      const app = await appName(command, cli)
      await changeRepositoryPath(
        app,
        { root: null },
        `"${app}" is built from its whole repository`,
        cli,
      )
    }),
    'app root:unset',
  )
