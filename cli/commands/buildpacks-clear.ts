import { appName } from '#cli/app-name.ts'
import { chooseBuildpacks } from '#cli/buildpacks.ts'
import { aboutApp, examples } from '#cli/command.ts'
import type { Define } from '#cli/command.ts'

export const define: Define = (command, cli) =>
  examples(
    aboutApp(command).action(async () => chooseBuildpacks(await appName(command, cli), [], cli)),
    'app buildpacks:clear',
  )
