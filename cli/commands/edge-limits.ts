import { getEdge } from '#contract/edge.ts'
import { appName } from '#cli/app-name.ts'
import type { Cli } from '#cli/cli.ts'
import { aboutApp, examples } from '#cli/command.ts'
import type { Define } from '#cli/command.ts'
import { changeEdge } from '#cli/edge.ts'
import { readLimits, shownLimits } from '#cli/limits.ts'
import { table } from '#cli/table.ts'

export const define: Define = (command, cli) =>
  examples(
    aboutApp(command)
      .argument('[limits...]', 'NAME=VALUE, or NAME=default; without any, all are shown')
      .action(async (pairs: string[]) => {
        const limits = readLimits(pairs)
        const app = await appName(command, cli)
        if (pairs.length === 0) return show(app, cli)
        await changeEdge(app, { limits }, `Set ${pairs.join(' ')} for "${app}".`, cli)
      }),
    'app edge:limits',
    'app edge:limits first-byte=60s rolling=2m body=100M',
    'app edge:limits app-cap=200 instance-cap=20 queue=500 hold=30s',
    'app edge:limits first-byte=default -a shop',
  )

async function show(app: string, cli: Cli): Promise<void> {
  const { limits } = await cli.call(getEdge, { params: { app } })
  cli.screen.answer(limits, () => table(['NAME', 'VALUE', 'WHAT'], shownLimits(limits)))
}
