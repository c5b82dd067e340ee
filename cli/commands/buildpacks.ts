import { listBuildpacks } from '#contract/buildpack.ts'
import { appName } from '#cli/app-name.ts'
import { numbered } from '#cli/buildpacks.ts'
import { aboutApp, examples } from '#cli/command.ts'
import type { Define } from '#cli/command.ts'
import { printable } from '#cli/table.ts'

export const define: Define = (command, cli) =>
  examples(
    aboutApp(command).action(async () => {
      const app = await appName(command, cli)
      const chosen = await cli.call(listBuildpacks, { params: { app } })
      cli.screen.answer(chosen, () => chosen.map(numbered).map(printable))
      if (chosen.length > 0) return
      cli.screen.say(`None is chosen for "${app}": it is found by the files of the app.`)
    }),
    'app buildpacks',
  )
