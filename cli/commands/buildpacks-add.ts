import { appName } from '#cli/app-name.ts'
import { chooseBuildpacks, placeIn, readBuildpacks } from '#cli/buildpacks.ts'
import { aboutApp, examples } from '#cli/command.ts'
import type { Define } from '#cli/command.ts'

export const define: Define = (command, cli) =>
  examples(
    aboutApp(command)
      .argument('<buildpack>', 'a short name such as nodejs, or a URL')
      .option('-i, --index <place>', 'put it at this place (default: the end)')
      .action(async (buildpack: string, { index }: { index?: string }) => {
        const app = await appName(command, cli)
        const list = await readBuildpacks(app, cli)
        const place = placeIn(list, index, list.length + 1, 'buildpacks:add') ?? list.length
        await chooseBuildpacks(app, list.toSpliced(place, 0, buildpack), cli)
      }),
    'app buildpacks:add https://git.example.org/fonts-pack.git',
    'app buildpacks:add apt --index 1',
  )
