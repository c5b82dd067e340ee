import { getBom } from '#contract/bom.ts'
import { appName } from '#cli/app-name.ts'
import { aboutApp, examples } from '#cli/command.ts'
import type { Define } from '#cli/command.ts'

export const define: Define = (command, cli) =>
  examples(
    aboutApp(command)
      .argument('[build]', 'its id, as `app builds` lists it', 'latest')
      .action(async (build: string) => {
        const app = await appName(command, cli)
        const bom = await cli.call(getBom, { params: { app, build } })
        // A document for other programs: the same with and without --json.
        cli.screen.answer(bom, () => [JSON.stringify(bom, null, 2)])
      }),
    'app sbom > shop.cdx.json',
    'app sbom 1a2b3c4d -a shop',
  )
