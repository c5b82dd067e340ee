import { cancelBuild } from '#contract/build.ts'
import { appName } from '#cli/app-name.ts'
import { aboutApp, examples } from '#cli/command.ts'
import type { Define } from '#cli/command.ts'

export const define: Define = (command, cli) =>
  examples(
    aboutApp(command)
      .argument('[build]', 'its id, as `app builds` lists it', 'latest')
      .action(async (named: string) => {
        const app = await appName(command, cli)
        const build = await cli.call(cancelBuild, { params: { app, build: named }, seconds: 30 })
        cli.screen.answer(build, () => [])
        cli.screen.say(
          build.release === null
            ? `Cancelled build ${build.id.slice(0, 8)} of "${app}"; nothing was deployed.`
            : `Cancelled v${build.release.version} of "${app}" before it was live.`,
        )
      })
      .addHelpText('after', '\nCtrl-C of the push does the same.'),
    'app builds:cancel',
    'app builds:cancel 1a2b3c4d -a shop',
  )
