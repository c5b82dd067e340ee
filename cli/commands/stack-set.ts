import { updateApp } from '#contract/app.ts'
import { appName } from '#cli/app-name.ts'
import { aboutApp, examples } from '#cli/command.ts'
import type { Define } from '#cli/command.ts'

export const define: Define = (command, cli) =>
  examples(
    aboutApp(command)
      .argument('<stack>', 'as `app stacks` lists it')
      .action(async (stack: string) => {
        const app = await appName(command, cli)
        const options = { params: { app }, body: { build_stack: stack } }
        const changed = await cli.call(updateApp, options)
        const { name } = changed.build_stack
        cli.screen.answer(changed, () => [])
        cli.screen.say(
          changed.stack.name === name
            ? `"${app}" is built on ${name}.`
            : `"${app}" is built on ${name} from the next push on; what runs stays on ${changed.stack.name}.`,
        )
      }),
    'app stack:set slipway-13',
    'app stack:set slipway-12 -a shop',
  )
