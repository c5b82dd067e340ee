import { listFormation, scale } from '#contract/process.ts'
import type { Dyno, Formation } from '#contract/process.ts'
import { appName } from '#cli/app-name.ts'
import type { Cli } from '#cli/cli.ts'
import { aboutApp, examples, waits, wholeNumber } from '#cli/command.ts'
import type { Define } from '#cli/command.ts'
import { whileDeploying } from '#cli/deployment.ts'
import { untilDynos } from '#cli/dynos.ts'
import { usage } from '#cli/failure.ts'

interface Update {
  readonly type: string
  readonly quantity: number
}

export const define: Define = (command, cli) =>
  examples(
    waits(aboutApp(command))
      .argument('[types...]', 'TYPE=NUMBER; without any, the present numbers are shown')
      .action(async (types: string[], { wait }: { wait: boolean }) => {
        const updates = types.map(readUpdate)
        const app = await appName(command, cli)
        if (updates.length === 0) return show(app, cli)
        const formation = await cli.call(scale, { params: { app }, body: { updates } })
        cli.screen.say(`Scaling "${app}" to ${updates.map(written).join(' ')}.`)
        if (wait) await whileDeploying({ app }, cli, () => untilScaled(app, updates, cli))
        cli.screen.answer(formation, () => [])
      }),
    'app ps:scale',
    'app ps:scale web=2 worker=1',
  )

function readUpdate(text: string): Update {
  const [, type, number = ''] = /^([A-Za-z0-9][\w-]*)=(\d+)$/.exec(text) ?? []
  const quantity = wholeNumber(number, 0, 100_000)
  if (type === undefined || quantity === undefined) {
    throw usage(`"${text}" is not TYPE=NUMBER, such as web=2.`, 'ps:scale')
  }
  return { type, quantity }
}

const written = ({ type, quantity }: Update): string => `${type}=${quantity}`

async function show(app: string, cli: Cli): Promise<void> {
  const formation: Formation[] = await cli.call(listFormation, { params: { app } })
  cli.screen.answer(formation, () => formation.map(written))
  if (formation.length === 0) cli.screen.say(`"${app}" has no code yet.`)
}

async function untilScaled(app: string, updates: readonly Update[], cli: Cli): Promise<void> {
  const isSettled = (dynos: readonly Dyno[]): boolean =>
    updates.every(({ type, quantity }) => {
      const running = dynos.filter((dyno) => dyno.type === type && dyno.state !== 'down')
      return running.length === quantity && running.every(({ state }) => state === 'up')
    })
  const types = updates.map(({ type }) => type)
  await untilDynos(app, isSettled, { cli, awaited: ({ type }) => types.includes(type) })
  cli.screen.say(`${cli.screen.paint('green', 'success:')} ${updates.map(written).join(' ')}`)
}
