import { getEdge } from '#contract/edge.ts'
import { appName } from '#cli/app-name.ts'
import type { Cli } from '#cli/cli.ts'
import { aboutApp, examples } from '#cli/command.ts'
import type { Define } from '#cli/command.ts'
import { changeEdge } from '#cli/edge.ts'
import { usage } from '#cli/failure.ts'

interface Options {
  readonly add?: true
  readonly clear?: true
}

export const define: Define = (command, cli) =>
  examples(
    aboutApp(command)
      .argument('[ranges...]', 'addresses and ranges; without any, the present ones are shown')
      .option('--add', 'besides those that may come already')
      .option('--clear', 'let everybody come')
      .action(async (ranges: string[], { add, clear }: Options) => {
        if (clear && (add || ranges.length > 0)) {
          throw usage('--clear takes no ranges.', 'edge:allow')
        }
        const app = await appName(command, cli)
        if (ranges.length === 0 && !clear) return show(app, cli)
        const present = add ? await allowed(app, cli) : []
        const allow = [...present, ...ranges]
        const only = `Only these may come to "${app}" now, all others get 403.`
        await changeEdge(app, { allow }, clear ? `Everybody may come to "${app}".` : only, cli)
      }),
    'app edge:allow',
    'app edge:allow 203.0.113.0/24 2001:db8::/32',
    'app edge:allow --add 198.51.100.7 -a shop',
    'app edge:allow --clear',
  )

async function allowed(app: string, cli: Cli): Promise<string[]> {
  return (await cli.call(getEdge, { params: { app } })).allow
}

async function show(app: string, cli: Cli): Promise<void> {
  const allow = await allowed(app, cli)
  cli.screen.answer(allow, () => allow)
  if (allow.length === 0) cli.screen.say(`Everybody may come to "${app}".`)
}
