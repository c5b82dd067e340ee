import { appName } from '#cli/app-name.ts'
import { chooseBuildpacks, placeIn, readBuildpacks } from '#cli/buildpacks.ts'
import { aboutApp, examples } from '#cli/command.ts'
import type { Define } from '#cli/command.ts'
import { usage } from '#cli/failure.ts'

export const define: Define = (command, cli) =>
  examples(
    aboutApp(command)
      .argument(
        '<buildpacks...>',
        'in order: nodejs, https://HOST/PATH.git#REF, https://HOST/NAME.tgz',
      )
      .option('-i, --index <place>', 'replace only the one at this place')
      .action(async (buildpacks: string[], { index }: { index?: string }) => {
        const app = await appName(command, cli)
        if (index === undefined) return chooseBuildpacks(app, buildpacks, cli)
        const [buildpack, ...more] = buildpacks
        if (buildpack === undefined || more.length > 0) {
          throw usage('With --index there is one buildpack to give.', 'buildpacks:set')
        }
        const list = await readBuildpacks(app, cli)
        const place = placeIn(list, index, list.length, 'buildpacks:set') ?? 0
        await chooseBuildpacks(app, list.with(place, buildpack), cli)
      }),
    'app buildpacks:set nodejs',
    'app buildpacks:set https://git.example.org/apt-pack.git#v2 nodejs -a shop',
  )
