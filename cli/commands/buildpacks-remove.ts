import { appName } from '#cli/app-name.ts'
import { chooseBuildpacks, placeIn, readBuildpacks } from '#cli/buildpacks.ts'
import { aboutApp, examples } from '#cli/command.ts'
import type { Define } from '#cli/command.ts'
import { usage } from '#cli/failure.ts'

export const define: Define = (command, cli) =>
  examples(
    aboutApp(command)
      .argument('[buildpack]', 'as `app buildpacks` shows it')
      .option('-i, --index <place>', 'the one at this place')
      .action(async (buildpack: string | undefined, { index }: { index?: string }) => {
        const app = await appName(command, cli)
        const list = await readBuildpacks(app, cli)
        const at = placeIn(list, index, list.length, 'buildpacks:remove')
        const place = at ?? list.indexOf(buildpack ?? '')
        if (place < 0) throw usage(notThere(buildpack), 'buildpacks')
        await chooseBuildpacks(app, list.toSpliced(place, 1), cli)
      }),
    'app buildpacks:remove nodejs',
    'app buildpacks:remove --index 2',
  )

function notThere(buildpack: string | undefined): string {
  if (buildpack === undefined) return 'Say which: as it is listed, or by --index.'
  return `"${buildpack}" is none of the buildpacks.`
}
