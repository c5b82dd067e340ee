import { appName } from '#cli/app-name.ts'
import { aboutApp, examples } from '#cli/command.ts'
import type { Define } from '#cli/command.ts'
import { changeRepositoryPath } from '#cli/repository-path.ts'

export const define: Define = (command, cli) =>
  examples(
    aboutApp(command)
      .argument('<path>', 'of the Dockerfile, below the root of the app')
      .option('-t, --target <stage>', 'build this stage of it (default: the last one)')
      .action(async (dockerfile: string, { target }: { target?: string }) => {
        const app = await appName(command, cli)
        const change = { dockerfile, dockerfile_target: target ?? null }
        const done = `"${app}" is built by ${dockerfile}${target === undefined ? '' : `, stage ${target}`}`
        await changeRepositoryPath(app, change, done, cli)
      }),
    'app dockerfile:set docker/web.Dockerfile',
    'app dockerfile:set Dockerfile --target web',
  )
